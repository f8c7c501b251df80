/// Who must show a token: `AUTH_MODE` and `JWT_SECRET` taken together (contract §0.5).
package enum AuthMode: Sendable, Equatable {
    case required
    /// Everybody but direct clients on this machine: `auto` while no secret is configured.
    case requiredFromElsewhere
    case off

    /// Reads `AUTH_MODE`; nil for an unknown word.
    package init?(_ text: String, hasConfiguredSecret: Bool) {
        switch text.lowercased() {
        case "required": self = .required
        case "off": self = .off
        case "auto", "": self = hasConfiguredSecret ? .required : .requiredFromElsewhere
        default: return nil
        }
    }
}
