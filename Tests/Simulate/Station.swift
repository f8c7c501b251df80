import CallKit
import Directory
import Reactor
import SIPEndpoint
import TestKit
import Wire

/// A machine in the simulation with a phone, or with the switch of a carrier, that may lose power and come back.
final class Station {
    let number: String
    /// Nil for phones.
    let carrier: String?
    let host: SimulatedHost
    private let exchange: Exchange
    private let signalling: SignallingTransport
    private let session: TrunkSession
    private(set) var phone: ScriptedPhone
    private(set) var former: [ScriptedPhone] = []
    private(set) var restarts = 0

    init(
        _ number: String, carrier: String? = nil, at address: String, in exchange: Exchange,
        over signalling: SignallingTransport = .udp, session: TrunkSession = TrunkSession()
    ) throws {
        (self.number, self.carrier, self.exchange) = (number, carrier, exchange)
        (self.signalling, self.session) = (signalling, session)
        host = exchange.simulation.host(address)
        phone = try Self.phone(number, carrier, host, exchange, signalling, session)
    }

    private static func phone(
        _ number: String, _ carrier: String?, _ host: SimulatedHost, _ exchange: Exchange,
        _ signalling: SignallingTransport, _ session: TrunkSession
    ) throws -> ScriptedPhone {
        try ScriptedPhone(
            number, on: host, of: exchange.loop, gateway: exchange.host.addresses.first ?? .loopbackIPv4,
            over: signalling, registers: carrier == nil, session: session, script: { _ in .ignore })
    }

    /// Loses power, with every call it has.
    func cutPower() {
        restarts += 1
        host.restart()
        phone.assumeIsolated { $0.stop() }
    }

    /// Comes back and remembers nothing.
    func boot() throws {
        former.append(phone)
        phone = try Self.phone(number, carrier, host, exchange, signalling, session)
    }

    var phones: [ScriptedPhone] { former + [phone] }

    /// What happened to every call it ever had.
    var diaries: [CallDiary] { phones.flatMap { phone in phone.assumeIsolated { Array($0.diaries.values) } } }
}
