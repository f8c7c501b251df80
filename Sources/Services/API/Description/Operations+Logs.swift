import Telemetry
import Web
import Wire

/// The descriptions of what administrators do with the log.
extension Operation {
    private static let level = JSONSchema.object(["level": .words(LogLevel.allCases.map(\.name))])

    static let showLogLevel = admin("From which level on lines are written", answers: .json(.data(level)))

    static let setLogLevel = admin(
        "Sets the level of the log until the next start or SIGHUP", answers: .json(.data(level))
    ).body(level)

    static let debugCall = Operation(
        "Has every line about a call written until its end, whatever the level of the log is", Family.calls,
        answers: .json(.data(.object(["callId": .uuid, "debug": .flag]))), refusals: [Failure].command
    ).taking(.call()).body(.object(["enabled": .switching]), isOptional: true).open(to: .administrator)
}
