import Testing
import Wire

@testable import SIP

/// What the registrar remembers (RFC 3261 section 10.3).
struct BindingTableTests {
    private let flow = Flow(transport: .udp, remote: SocketAddress(ip: IPAddress(v4: 0xC000_0205), port: 40000))

    private func register(
        _ contacts: String..., expires: UInt32? = nil, callID: String = "r", number: UInt32
    ) throws -> SIPRequest {
        var request = SIPRequest(.register, try #require(SIPURI("sip:tandem.example")))
        for contact in contacts { request.headers.append(.contact, contact) }
        request.headers.callID = callID
        request.headers.cseq = CSeq(number, .register)
        request.headers.expires = expires
        return request
    }

    private func uris(_ table: BindingTable, _ now: Instant = .zero) -> [String] {
        table.bindings(of: "100", now: now).map(\.uri.description)
    }

    @Test func `a phone registers, refreshes, and is gone when its time is up`() throws {
        var table = BindingTable()
        let first = table.register(
            try register("<sip:100@10.0.0.1>", expires: 100, number: 1), account: "100", from: flow, now: .zero)
        #expect(first == .ok)
        #expect(table.contacts(of: "100", now: .zero + .seconds(40)).first?.expires == 60)
        let again = try register("<sip:100@10.0.0.1>", expires: 100, number: 2)
        let refreshed = table.register(again, account: "100", from: flow, now: .zero + .seconds(50))
        #expect(refreshed == .ok)
        table.advance(to: .zero + .seconds(149))
        #expect(uris(table, .zero + .seconds(149)).count == 1)
        table.advance(to: .zero + .seconds(150))
        let changes = table.takeChanges()
        #expect(changes.map(\.isRegistered) == [true, false])
        let deadline = table.nextDeadline()
        #expect(deadline == nil)
        #expect(table.accountCount == 0)
    }

    @Test func `several contacts are ordered by preference and the oldest makes way past the limit`() throws {
        var table = BindingTable(limits: RegistrarLimits(contactsPerAccount: 2))
        for (number, contact) in ["<sip:a@h>;q=0.5", "<sip:b@h>;q=0.9", "<sip:c@h>;q=0.7"].enumerated() {
            let request = try register(contact, callID: contact, number: UInt32(number) + 1)
            _ = table.register(request, account: "100", from: flow, now: .zero)
        }
        #expect(uris(table) == ["sip:b@h", "sip:c@h"])
    }

    @Test func `a star with Expires 0 removes everything and is malformed otherwise`() throws {
        var table = BindingTable()
        _ = table.register(try register("<sip:a@h>, <sip:b@h>", number: 1), account: "100", from: flow, now: .zero)
        let wrong = table.register(try register("*", expires: 60, number: 2), account: "100", from: flow, now: .zero)
        #expect(wrong == .malformed)
        let mixed = try register("*", "<sip:a@h>", expires: 0, number: 2)
        let mixedOutcome = table.register(mixed, account: "100", from: flow, now: .zero)
        #expect(mixedOutcome == .malformed)
        let right = table.register(try register("*", expires: 0, number: 2), account: "100", from: flow, now: .zero)
        #expect(right == .ok)
        #expect(uris(table).isEmpty)
    }

    @Test func `one contact is taken away by expires 0`() throws {
        var table = BindingTable()
        _ = table.register(try register("<sip:a@h>, <sip:b@h>", number: 1), account: "100", from: flow, now: .zero)
        _ = table.register(try register("<sip:a@h>;expires=0", number: 2), account: "100", from: flow, now: .zero)
        #expect(uris(table) == ["sip:b@h"])
    }

    @Test func `an older REGISTER of the same Call-ID changes nothing`() throws {
        var table = BindingTable()
        _ = table.register(try register("<sip:a@h>", number: 5), account: "100", from: flow, now: .zero)
        let old = table.register(
            try register("<sip:a@h>", expires: 0, number: 4), account: "100", from: flow, now: .zero)
        #expect(old == .outOfOrder)
        #expect(uris(table) == ["sip:a@h"])
        let other = try register("<sip:a@h>", expires: 0, callID: "s", number: 1)
        let fresh = table.register(other, account: "100", from: flow, now: .zero)
        #expect(fresh == .ok)
        #expect(uris(table).isEmpty)
    }

    @Test func `too short a wish is refused with what would be granted and too long a one is cut`() throws {
        var table = BindingTable()
        let short = table.register(
            try register("<sip:a@h>;expires=10", number: 1), account: "100", from: flow, now: .zero)
        #expect(short == .tooBrief(minimum: 60))
        _ = table.register(
            try register("<sip:a@h>", expires: 1 << 31, number: 2), account: "100", from: flow, now: .zero)
        #expect(table.contacts(of: "100", now: .zero).first?.expires == 7200)
    }

    @Test func `a restarted device takes the place of its old binding and keeps its Path`() throws {
        var table = BindingTable()
        let instance = ";+sip.instance=\"<urn:uuid:1>\";reg-id=1"
        _ = table.register(try register("<sip:a@h:1>\(instance)", number: 1), account: "100", from: flow, now: .zero)
        var request = try register("<sip:a@h:2>\(instance)", callID: "z", number: 1)
        request.headers.append(.path, "<sip:edge.example.com;lr>")
        _ = table.register(request, account: "100", from: flow, now: .zero)
        #expect(uris(table) == ["sip:a@h:2"])
        #expect(table.bindings(of: "100", now: .zero).first?.path.first?.uri.host == "edge.example.com")
    }

    @Test func `when its connection breaks a device behind a NAT is gone and another may be connected to`() throws {
        var table = BindingTable()
        let connection = Flow(transport: .tcp, remote: flow.remote, connection: 4)
        let request = try register("<sip:a@10.0.0.1>", "<sip:b@192.0.2.5:5070;transport=tcp>", number: 1)
        _ = table.register(request, account: "100", from: connection, now: .zero)
        table.connectionLost(connection)
        let left = table.bindings(of: "100", now: .zero)
        #expect(left.map(\.flow) == [Flow(transport: .tcp, remote: SocketAddress(ip: flow.remote.ip, port: 5070))])
    }

    private func flowRegistration(
        _ contact: String, reg: Int, vias: Int = 1, path: String? = nil, callID: String = "r", number: UInt32 = 1
    ) throws -> SIPRequest {
        let parameters = ";+sip.instance=\"<urn:uuid:1>\";reg-id=\(reg)"
        var request = try register("<\(contact)>\(parameters)", callID: "\(callID)\(reg)", number: number)
        request.headers.supported = ["path", "outbound"]
        for hop in 0..<vias {
            request.headers.prependVia(Via(transport: .ws, host: "a.invalid", branch: "z9hG4bK\(hop)"))
        }
        if let path { request.headers.append(.path, path) }
        return request
    }

    @Test func `a device registers by two flows, each replaced by its own number, and rings by the latest`() throws {
        var table = BindingTable()
        let flows = (1...3).map { Flow(transport: .wss, remote: flow.remote, connection: $0) }
        for (index, reg) in [1, 2].enumerated() {
            let request = try flowRegistration("sip:x@a.invalid;transport=ws", reg: reg)
            _ = table.register(request, account: "100", from: flows[index], now: .zero)
        }
        #expect(table.bindingCount == 2)
        #expect(table.bindings(of: "100", now: .zero).map(\.flow) == [flows[1]])
        let contacts = table.contacts(of: "100", now: .zero)
        #expect(contacts.map { $0.parameters["reg-id"] } == ["2", "1"])
        #expect(contacts.first?.parameters["+sip.instance"] == "<urn:uuid:1>")
        let again = try flowRegistration("sip:y@a.invalid;transport=ws", reg: 1, callID: "new")
        _ = table.register(again, account: "100", from: flows[2], now: .zero)
        #expect(table.bindingCount == 2)
        #expect(!table.knows(flows[0]))
        table.connectionLost(flows[2])
        #expect(table.bindings(of: "100", now: .zero).map(\.flow) == [flows[1]])
    }

    @Test func `flows count only where the phone, and the proxy it comes by, know of them`() throws {
        let contact = "sip:x@192.0.2.5"
        #expect(Outbound.isUsed(by: try flowRegistration(contact, reg: 1)))
        #expect(!Outbound.isUsed(by: try flowRegistration(contact, reg: 0)))
        #expect(!Outbound.isUsed(by: try flowRegistration(contact, reg: 1, vias: 2)))
        #expect(!Outbound.isUsed(by: try flowRegistration(contact, reg: 1, vias: 2, path: "<sip:edge.example;lr>")))
        let kept = try flowRegistration(contact, reg: 1, vias: 2, path: "<sip:edge.example;lr;ob>")
        #expect(Outbound.isUsed(by: kept))
        var answer = SIPResponse(to: kept, status: 200)
        Outbound.confirm(kept, in: &answer)
        #expect(answer.headers.require == ["outbound"])
        #expect(answer.headers["Flow-Timer"] == "120")
        var silent = kept
        silent.headers.supported = []
        #expect(!Outbound.isUsed(by: silent))
    }

    @Test func `a broken connection costs those on it their registration, and nobody else`() throws {
        var table = BindingTable()
        let shared = Flow(transport: .tcp, remote: flow.remote, connection: 4)
        let other = Flow(transport: .tcp, remote: flow.remote, connection: 5)
        let request = try register("<sip:b@10.0.0.1>", number: 1)
        for (account, flow) in [("100", shared), ("101", shared), ("102", other)] {
            _ = table.register(request, account: account, from: flow, now: .zero)
        }
        table.forget("101")
        #expect(table.knows(shared))
        _ = table.register(request, account: "101", from: shared, now: .zero)
        table.connectionLost(shared)
        #expect(!table.knows(shared) && table.knows(other))
        #expect(table.accountCount == 1)
        #expect(table.bindings(of: "102", now: .zero).count == 1)
    }

    @Test func `nobody is connected to by TLS or WebSocket when his own connection broke`() throws {
        for transport in [SIPTransport.tls, .wss] {
            var table = BindingTable()
            let connection = Flow(transport: transport, remote: flow.remote, connection: 4)
            let request = try register("<sip:b@192.0.2.5:5070>", number: 1)
            _ = table.register(request, account: "100", from: connection, now: .zero)
            table.connectionLost(connection)
            #expect(table.accountCount == 0)
        }
    }
}
