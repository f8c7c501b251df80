import Directory
import SIP

/// What there is to say of a trunk.
extension TrunkState {
    var wantedRegistrations: Int { isEnabled ? trunk.credentials.count(where: \.registers) : 0 }
    var heldRegistrations: Int { registrations.count { $0.client.isRegistered } }
    var registrationFailure: String? { registrations.lazy.compactMap(\.failure).first }
    var registrationsBegan: Bool { !registrations.isEmpty }
    var registrationsSettled: Bool { heldRegistrations > 0 || registrationFailure != nil }

    /// Whether any server answers; nil while nobody knows.
    var isReachable: Bool? {
        guard isEnabled, trunk.keepAlive != nil, !health.isEmpty else { return nil }
        if health.values.contains(where: { $0.state == .alive }) { return true }
        return health.values.allSatisfy { $0.state == .dead } ? false : nil
    }

    /// Whether calls are worth trying: nothing speaks against it.
    var isUp: Bool {
        let isRefused = wantedRegistrations > 0 && registrationsSettled && heldRegistrations == 0
        return isEnabled && !health.isEmpty && isReachable != false && !isRefused
    }

    func status(channels: Int) -> TrunkStatus {
        let isRegistered: Bool? =
            wantedRegistrations == 0 || !registrationsSettled ? nil : heldRegistrations > 0
        return TrunkStatus(
            name: trunk.name, isRegistered: isRegistered, isReachable: isReachable, channels: channels, detail: detail)
    }

    /// How each account of ours fares there, by its user name; those that nobody has tried yet are absent.
    var accounts: [String: AccountStanding] {
        Dictionary(
            registrations.map { registration in
                let isHeld = registration.client.isRegistered
                return (
                    registration.credentials.username,
                    AccountStanding(isRegistered: isHeld, failure: registration.failure)
                )
            }
        ) { first, _ in first }
    }

    private var detail: String {
        guard isEnabled else { return "disabled" }
        var parts: [String] = []
        if wantedRegistrations > 0 {
            let count = "\(heldRegistrations) of \(wantedRegistrations) registered"
            parts.append(registrationFailure.map { "\(count): \($0)" } ?? count)
        }
        if isReachable == false { parts.append("no server answers") }
        if health.isEmpty { parts.append("no server is known") }
        return parts.joined(separator: "; ")
    }
}
