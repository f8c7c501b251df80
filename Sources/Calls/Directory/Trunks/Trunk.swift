package import Wire

/// A way to the telephone network: a carrier, a PBX, another gateway.
///
/// Any number of them, from the store; the one of `SIP_SERVER` is named `default`.
package struct Trunk: Hashable, Sendable, Identifiable {
    /// The row in the store; 0 for the trunk of the environment.
    package var id: Int64
    /// What routes, records, metrics and people call it; unique.
    package var name: String
    package var isEnabled = true
    /// Where calls are sent, by priority and weight; each may stand for several servers by NAPTR and SRV (RFC 3263).
    package var targets: [TrunkTarget]
    /// The first is used for calls of nobody's own account.
    package var credentials: [TrunkCredentials] = []
    /// The only realm whose challenges are answered; nil: that of the first challenge by the trunk's own server.
    package var realm: String?
    /// Requests from these networks come from the trunk; the addresses its targets resolve to are added at run time.
    package var sourceNetworks: [IPNetwork] = []

    /// Lower is tried first when a call may leave by any trunk; among equals, by weight.
    package var priority = 10
    package var weight = 100
    /// Calls at once in both directions; nil: any number.
    package var maximumChannels: Int?
    /// How often OPTIONS asks whether each target lives; nil: never.
    package var keepAlive: Duration? = .seconds(30)

    package var numbers = TrunkNumbers()
    package var callerID = CallerIDPolicy()
    package var session = TrunkSession()
    package var tls = TrunkTLS()
    package var limits = TollLimits()

    package init(id: Int64 = 0, name: String, targets: [TrunkTarget]) {
        (self.id, self.name, self.targets) = (id, name, targets)
    }

    /// One server at a known port, as the environment names it.
    package init(
        name: String, host: String, port: UInt16, transport: SignallingTransport, sourceNetworks: [IPNetwork] = [],
        credentials: [TrunkCredentials] = []
    ) {
        self.init(name: name, targets: [TrunkTarget(host: host, port: port, transport: transport)])
        self.sourceNetworks = sourceNetworks
        self.credentials = credentials
    }
}

extension Trunk {
    /// It is not in the store, and cannot be changed there.
    package var isFromEnvironment: Bool { id == 0 }

    /// Whether calls to this number may leave by it.
    package func takes(_ number: String) -> Bool {
        numbers.accepts.isEmpty || numbers.accepts.contains { $0.matches(number) }
    }
}

/// One server, or the name of several, behind a trunk.
package struct TrunkTarget: Hashable, Sendable, CustomStringConvertible {
    /// A name or a numeric address.
    package var host: String
    /// Nil: by SRV, or the transport's usual port.
    package var port: UInt16?
    /// Nil: by NAPTR, or UDP.
    package var transport: SignallingTransport?
    /// Lower is tried first (as in SRV).
    package var priority: Int
    /// Share among targets of one priority (as in SRV).
    package var weight: Int

    package init(
        host: String, port: UInt16? = nil, transport: SignallingTransport? = nil, priority: Int = 10, weight: Int = 100
    ) {
        (self.host, self.port, self.transport) = (host, port, transport)
        (self.priority, self.weight) = (priority, weight)
    }

    /// As people write it: `host:port over udp`, without what is left to the name service.
    package var description: String {
        host + (port.map { ":\($0)" } ?? "") + (transport.map { " over \($0.rawValue)" } ?? "")
    }
}

/// How a trunk's server is spoken to.
package enum SignallingTransport: String, Sendable, CaseIterable {
    case udp
    case tcp
    case tls
}

/// What proves us to a trunk.
package struct TrunkCredentials: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The user part of our address of record there.
    package var username: String
    /// The name of digest authentication, where it differs.
    package var authenticationName: String?
    package var password: String
    /// Registers this address there and keeps it registered.
    package var registers: Bool
    /// The account of ours whose calls use it, by extension; nil: everybody's.
    package var `extension`: String?
    package var displayName: String?

    package init(
        username: String, authenticationName: String? = nil, password: String, registers: Bool = true,
        extension: String? = nil, displayName: String? = nil
    ) {
        (self.username, self.authenticationName, self.password) = (username, authenticationName, password)
        (self.registers, self.extension, self.displayName) = (registers, `extension`, displayName)
    }

    package var description: String { "\(username): <secret>" }
    package var debugDescription: String { description }
}

extension TrunkCredentials {
    /// An account that is registered upstream under its own name; nil when only its digests are known.
    package init?(_ account: SIPAccount) {
        guard case .password(let password) = account.secret else { return nil }
        self.init(
            username: account.username, password: password, extension: account.extension,
            displayName: account.displayName)
    }
}

/// How numbers are written on a trunk: what we dial, what we show, and what we are sent.
package struct TrunkNumbers: Hashable, Sendable {
    /// Applied to the number dialled, before it leaves.
    package var outgoingCalled: [NumberRule] = []
    /// Applied to the caller's number, before it leaves.
    package var outgoingCaller: [NumberRule] = []
    /// Applied to the number that was called, before it is routed.
    package var incomingCalled: [NumberRule] = []
    /// Applied to the caller's number, before anybody sees it.
    package var incomingCaller: [NumberRule] = []
    /// Only numbers that match one of these leave by this trunk; empty: all.
    package var accepts: [NumberPattern] = []

    package init() {}
}

/// Who the far side is told is calling.
package struct CallerIDPolicy: Hashable, Sendable {
    package enum From: String, Sendable, CaseIterable {
        /// Our address of record there, as registrars of one number per account want it.
        case account
        /// The caller's number.
        case caller
    }

    package enum Assertion: String, Sendable, CaseIterable {
        case none
        /// P-Asserted-Identity (RFC 3325).
        case asserted = "pai"
        /// P-Preferred-Identity (RFC 3325).
        case preferred = "ppi"
        /// Remote-Party-ID, which some carriers still want.
        case remoteParty = "rpid"
    }

    package var from = From.account
    package var assertion = Assertion.asserted
    /// Shown instead of callers that are no number, such as an extension; nil: as they are.
    package var number: String?
    /// Whether the identities the trunk asserts about its callers are believed.
    package var trustsIncoming = true

    package init() {}
}

/// How sessions with a trunk are kept.
package struct TrunkSession: Hashable, Sendable {
    package enum Transfer: String, Sendable, CaseIterable {
        /// We join the two ourselves.
        case rebridge
        /// REFER to the far side, and re-bridging should it refuse.
        case refer
    }

    package enum Reliability: String, Sendable, CaseIterable {
        case off
        case supported
        case required
    }

    /// Session-Expires we ask for (RFC 4028); nil: only when the far side wants it.
    package var timer: Duration? = .seconds(1800)
    /// 100rel (RFC 3262).
    package var reliable = Reliability.supported
    package var transfer = Transfer.rebridge
    package var encryption = MediaEncryption.off

    package init() {}
}

/// SDES-SRTP (RFC 4568) on the SIP side.
package enum MediaEncryption: String, Sendable, CaseIterable {
    /// Plain RTP; an offer with keys is answered with keys all the same.
    case off
    /// RTP/AVP with keys beside it: encrypted when the far side can (RFC 8643).
    case optional
    /// RTP/SAVP, and nothing else.
    case required
}

/// How a trunk's TLS certificate is judged, and ours.
package struct TrunkTLS: Hashable, Sendable {
    /// False accepts any certificate: for a private network only.
    package var verifies = true
    /// PEM file of the authorities that are trusted instead of the system's.
    package var authorities: String?
    /// PEM files of our own certificate and key, for servers that ask for one.
    package var certificate: String?
    package var key: String?

    package init() {}
}
