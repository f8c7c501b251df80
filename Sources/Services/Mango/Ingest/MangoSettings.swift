package import Wire

/// What the environment says of the Mango Office exchange.
package struct MangoSettings: Sendable {
    /// Both secrets of the account; nil: signatures cannot be checked, and nothing can be asked of the exchange.
    package var keys: MangoKeys?
    /// The first of the two alone.
    package var apiKey: String?
    package var apiID: String?
    package var apiURL = "https://app.mango-office.ru/vpbx"
    package var webhookURL = "/api/webhooks/mango"
    package var requiresSignature = false
    /// Whence events are taken; empty: from everywhere.
    package var allowedNetworks: [IPNetwork] = []
    package var defaultOperatorID: Int64 = 1
    /// How long the exchange is given between telling of a recording and having its file.
    package var recordingDelay = Duration.seconds(5)

    package init() {}
}
