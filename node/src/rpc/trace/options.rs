//! The configuration of `debug_trace…`: which tracer, and how.

use super::duration;
use crate::rpc::{
    input::field,
    params::{FromJson, HexOrDecimal},
};
use alloy_rpc_types_trace::geth::{
    GethDebugBuiltInTracerType as BuiltIn, GethDebugTracerConfig, GethDebugTracerType, GethDebugTracingOptions,
    GethDefaultTracingOptions,
};
use serde_json::{Map, Value};
use std::time::Duration;

/// A trace may take so long unless the request says otherwise; geth's default.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// The tracers that a request can name. Without a name it is the logger of steps.
const TRACERS: [(&str, BuiltIn); 6] = [
    ("callTracer", BuiltIn::CallTracer),
    ("flatCallTracer", BuiltIn::FlatCallTracer),
    ("prestateTracer", BuiltIn::PreStateTracer),
    ("4byteTracer", BuiltIn::FourByteTracer),
    ("muxTracer", BuiltIn::MuxTracer),
    ("noopTracer", BuiltIn::NoopTracer),
];

/// What a request wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TraceOptions {
    /// Tracer and configuration.
    pub geth: GethDebugTracingOptions,
    /// How long the trace may take.
    pub timeout: Option<Duration>,
}

impl TraceOptions {
    /// The tracer; `None` is the logger of steps.
    pub(super) fn tracer(&self) -> Option<BuiltIn> {
        match self.geth.tracer {
            Some(GethDebugTracerType::BuiltInTracer(tracer)) => Some(tracer),
            _ => None,
        }
    }
}

impl FromJson for TraceOptions {
    fn from_json(value: &Value) -> Result<Self, String> {
        let map = value.as_object().ok_or("expected a configuration object")?;
        let tracer = match field::<String>(map, "tracer")?.as_deref() {
            None | Some("") => None,
            Some(name) => Some(named(name)?),
        };
        let config = GethDefaultTracingOptions {
            enable_memory: field(map, "enableMemory")?,
            disable_stack: field(map, "disableStack")?,
            disable_storage: field(map, "disableStorage")?,
            enable_return_data: field(map, "enableReturnData")?,
            limit: field::<HexOrDecimal>(map, "limit")?.map(|limit| limit.0),
            ..Default::default()
        };
        let timeout = field::<String>(map, "timeout")?
            .map(|text| duration::parse(&text).map_err(|error| format!("timeout: {error}")))
            .transpose()?;
        let geth = GethDebugTracingOptions {
            config,
            tracer: tracer.map(GethDebugTracerType::BuiltInTracer),
            tracer_config: tracer_config(tracer, map.get("tracerConfig"))?,
            timeout: None,
        };
        Ok(Self { geth, timeout })
    }
}

fn named(name: &str) -> Result<BuiltIn, String> {
    TRACERS.iter().find(|(known, _)| *known == name).map(|(_, tracer)| *tracer).ok_or_else(|| {
        let known: Vec<_> = TRACERS.iter().map(|(known, _)| *known).collect();
        // A program in JavaScript may be long.
        let shown: String = name.chars().take(40).collect();
        format!("tracer: unknown tracer {shown:?}; this node has {}", known.join(", "))
    })
}

/// Checked here, so that the tracers meet nothing that they can't read.
fn tracer_config(tracer: Option<BuiltIn>, config: Option<&Value>) -> Result<GethDebugTracerConfig, String> {
    let config = match config {
        None | Some(Value::Null) => return Ok(GethDebugTracerConfig::default()),
        Some(Value::Object(config)) => config,
        Some(_) => return Err("tracerConfig: expected an object".into()),
    };
    match tracer {
        Some(BuiltIn::MuxTracer) => mux_config(config),
        _ => {
            for (name, value) in config {
                if !value.is_boolean() && !value.is_null() {
                    return Err(format!("tracerConfig.{name}: expected a boolean"));
                }
            }
            Ok(Value::Object(config.clone()).into())
        }
    }
}

/// Names of tracers, each with its configuration.
fn mux_config(config: &Map<String, Value>) -> Result<GethDebugTracerConfig, String> {
    let mut checked = Map::new();
    for (name, inner) in config {
        let tracer = named(name).map_err(|error| format!("tracerConfig: {error}"))?;
        let inner =
            tracer_config(Some(tracer), Some(inner)).map_err(|error| format!("tracerConfig.{name}: {error}"))?;
        let value = match tracer {
            BuiltIn::MuxTracer => return Err("tracerConfig: a muxTracer can't hold another one".into()),
            // These have nothing to configure.
            BuiltIn::FourByteTracer | BuiltIn::NoopTracer => Value::Null,
            _ if inner.is_null() => Value::Object(Map::new()),
            _ => inner.0,
        };
        checked.insert(name.clone(), value);
    }
    Ok(Value::Object(checked).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(value: Value) -> String {
        TraceOptions::from_json(&value).expect_err("is wrong")
    }

    #[test]
    fn without_a_tracer_it_is_the_logger_of_steps() {
        let options = TraceOptions::from_json(&json!({
            "enableMemory": true, "disableStack": true, "limit": 7, "timeout": "2s", "reexec": 128, "tracer": "",
        }));
        let options = options.expect("is right");
        assert_eq!(options.tracer(), None);
        assert_eq!(options.timeout, Some(Duration::from_secs(2)));
        assert_eq!(options.geth.config.limit, Some(7));
        assert!(options.geth.config.is_memory_enabled() && !options.geth.config.is_stack_enabled());
        assert_eq!(TraceOptions::from_json(&json!({})), Ok(TraceOptions::default()));
    }

    #[test]
    fn tracers_have_their_configuration() {
        let options = TraceOptions::from_json(&json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } }));
        let options = options.expect("is right");
        assert_eq!(options.tracer(), Some(BuiltIn::CallTracer));
        let config = options.geth.tracer_config.into_call_config().expect("is right");
        assert_eq!((config.with_log, config.only_top_call), (Some(true), None));
        for (tracer, inner) in
            [("callTracer", json!({})), ("4byteTracer", json!(null)), ("prestateTracer", json!(null))]
        {
            let options =
                TraceOptions::from_json(&json!({ "tracer": "muxTracer", "tracerConfig": { (tracer): inner } }));
            let config = options.expect("is right").geth.tracer_config;
            revm_inspectors::tracing::MuxInspector::try_from_config(config.into_mux_config().expect("is right"))
                .expect("is understood");
        }
    }

    #[test]
    fn errors_name_the_field() {
        assert_eq!(refused(json!("callTracer")), "expected a configuration object");
        assert_eq!(refused(json!({ "disableStack": 1 })), "disableStack: expected a boolean");
        assert_eq!(refused(json!({ "timeout": "soon" })), "timeout: invalid duration \"soon\"");
        assert_eq!(
            refused(json!({ "tracer": "callTracer", "tracerConfig": { "withLog": "yes" } })),
            "tracerConfig.withLog: expected a boolean"
        );
        assert!(refused(json!({ "tracer": "{step: function() {}}" })).starts_with("tracer: unknown tracer"));
        assert!(refused(json!({ "tracer": "muxTracer", "tracerConfig": { "muxTracer": {} } })).contains("another one"));
    }
}
