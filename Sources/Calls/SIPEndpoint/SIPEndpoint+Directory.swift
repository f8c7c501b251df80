import SIP

/// What the directory says of accounts while the endpoint runs.
extension SIPEndpoint {
    /// Drops the registrations of an account that is gone or has another password; its calls go on.
    package func forget(account username: String) {
        bindings.forget(username)
        settle()
    }
}
