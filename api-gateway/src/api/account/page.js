// The link's fragment: #verify=TOKEN or #reset=TOKEN.
const tasks = {
  verify: { title: 'Confirm your e-mail address', path: '/api/v1/owners/verifications/confirm', done: 'Your address is confirmed. You can log in now.' },
  reset: { title: 'Set a new password', path: '/api/v1/owners/password-resets/confirm', done: 'Your password is set. You can log in with it now.' },
};
const [name, token] = location.hash.slice(1).split('=');
const task = Object.hasOwn(tasks, name) && token ? tasks[name] : null;
const form = document.getElementById('form');
const button = document.getElementById('button');
const message = document.getElementById('message');
// It stays in no history.
history.replaceState(null, '', location.pathname);

if (task) {
  document.title = task.title;
  document.getElementById('title').textContent = task.title;
  if (name === 'reset') {
    document.getElementById('password').hidden = false;
    form.elements.password.required = true;
  }
  message.textContent = '';
  form.hidden = false;
} else {
  message.textContent = 'This link is not whole. Open it once more from the letter.';
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  button.disabled = true;
  message.textContent = '';
  const body = name === 'reset' ? { token, password: form.elements.password.value } : { token };
  try {
    const answer = await fetch(task.path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (answer.ok) {
      form.hidden = true;
      message.textContent = task.done;
      return;
    }
    message.textContent = (await answer.json()).detail;
  } catch {
    message.textContent = 'The gateway does not answer. Try again in a moment.';
  }
  button.disabled = false;
});
