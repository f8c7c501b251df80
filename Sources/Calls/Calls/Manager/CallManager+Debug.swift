package import CallModel

extension CallManager {
    /// Has every line about a live call written until its end, whatever the level of the log is; or no longer.
    package func setDebug(_ key: CallKey, _ on: Bool) throws(CallError) {
        try call(key).assumeIsolated { $0.setDebug(on) }
    }
}
