import CallModel
import Telemetry

/// What debug lines say of a call: how it went on, without numbers, descriptions and secrets.
extension Call {
    func stepFields(_ input: CallInput, _ effects: [CallEffect]) -> [LogField] {
        let legs = live.legs.map { "\($0.id.rawValue) \($0.state.rawValue)" }.joined(separator: ", ")
        return [
            LogField("input", caseName(input)), LogField("phase", caseName(live.phase)), LogField("legs", legs),
            LogField("effects", effects.map(caseName).joined(separator: ", ")),
        ]
    }
}

/// The name of an enumeration's case, without what it carries.
func caseName(_ value: some Any) -> String { String("\(value)".prefix { $0 != "(" }) }
