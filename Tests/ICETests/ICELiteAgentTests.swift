import ICE
import Testing
import Wire

/// The browser's side of one check, as a test words it.
private struct Check {
    var receiver: String
    var sender = "peer"
    var password: String?
    var nominates = false
    var controls = true
    var unknown: [UInt16] = []

    init(_ credentials: ICECredentials) { (receiver, password) = (credentials.ufrag, credentials.password) }

    func bytes(transaction: UInt64 = 1) -> [UInt8] {
        var writer = STUNWriter(.request, transactionID: STUNTransactionID(high: 7, low: transaction))
        writer.username(receiver: receiver, sender: sender)
        writer.priority(100)
        if controls { writer.iceControlling(5) } else { writer.iceControlled(5) }
        if nominates { writer.useCandidate() }
        for type in unknown { writer.bytes(type, []) }
        return writer.finish(integrityKey: password.map { Array($0.utf8) })
    }
}

struct ICELiteAgentTests {
    private var entropy = Entropy(seed: 3)
    private var agent: ICELiteAgent
    private let start = Instant(nanoseconds: 1_000_000_000)
    private let wifi = RemotePath(SocketAddress(ip: IPAddress(v4: 0xC000_0201), port: 4000))
    private let mobile = RemotePath(SocketAddress(ip: IPAddress(high: 0x2001_0DB8 << 32, low: 9), port: 5000))

    init() { agent = ICELiteAgent(local: ICECredentials(from: &entropy)) }

    private mutating func send(_ check: Check, from source: RemotePath, at now: Instant? = nil) -> ICEReaction {
        agent.receive(check.bytes().span.bytes, from: source, now: now ?? start)
    }

    private func nomination(_ credentials: ICECredentials? = nil) -> Check {
        var check = Check(credentials ?? agent.local)
        check.nominates = true
        return check
    }

    @Test mutating func `a check is answered with the address it came from`() throws {
        for source in [wifi, mobile] {
            let reaction = send(Check(agent.local), from: source)
            let response = try #require(reaction.response)
            let message = try STUNMessage(response.span.bytes)
            let facts = (message.messageClass, message.transactionID, message.xorMappedAddress)
            #expect(facts.0 == .success)
            #expect(facts.1 == STUNTransactionID(high: 7, low: 1))
            #expect(facts.2 == source.address)
            let check = message.integrity(key: Array(agent.local.password.utf8))
            #expect(check == .valid)
            #expect(reaction.validated == source)
            #expect(reaction.selected == nil)
            #expect(response.count <= Check(agent.local).bytes().count)
        }
    }

    @Test mutating func `nothing is answered without the right integrity`() {
        var unsigned = Check(agent.local)
        unsigned.password = nil
        var forged = Check(agent.local)
        forged.password = "guessed"
        var foreign = Check(agent.local)
        foreign.receiver = "somebody"
        var swapped = Check(agent.local)
        (swapped.receiver, swapped.sender) = ("peer", agent.local.ufrag)
        for check in [unsigned, forged, foreign, swapped] {
            let reaction = send(check, from: wifi)
            #expect(reaction.response == nil)
            #expect(reaction.validated == nil)
        }
        #expect(!agent.isValidated(wifi))
    }

    @Test mutating func `the sender's half counts once it is known`() {
        #expect(send(Check(agent.local), from: wifi).response != nil)
        agent.setRemote(ICECredentials(ufrag: "other", password: "p"), now: start)
        #expect(send(Check(agent.local), from: wifi).response == nil)
        agent.setRemote(ICECredentials(ufrag: "peer", password: "p"), now: start)
        #expect(send(Check(agent.local), from: wifi).response != nil)
    }

    @Test mutating func `the latest nomination is where media goes`() {
        #expect(send(nomination(), from: wifi).selected == wifi)
        #expect(send(nomination(), from: wifi).selected == nil)
        #expect(send(Check(agent.local), from: mobile).selected == nil)
        #expect(agent.selected == wifi)
        #expect(send(nomination(), from: mobile).selected == mobile)
        #expect(agent.selected == mobile)
    }

    @Test mutating func `a peer that also wants to be controlled is told so`() throws {
        var check = nomination()
        check.controls = false
        let reaction = send(check, from: wifi)
        let response = try #require(reaction.response)
        let code = try STUNMessage(response.span.bytes).errorCode
        #expect(code == 487)
        #expect(agent.selected == nil)
    }

    @Test mutating func `attributes that must be understood are named in a 420`() throws {
        var check = nomination()
        check.unknown = [0x0033, 0x7777, 0x0044]
        let reaction = send(check, from: wifi)
        let response = try #require(reaction.response)
        let code = try STUNMessage(response.span.bytes).errorCode
        #expect(code == 420)
        #expect(response.count <= check.bytes().count)
        #expect(agent.selected == nil)
    }

    @Test mutating func `thirty seconds without a check on the selected pair end consent`() {
        agent.setRemote(ICECredentials(ufrag: "peer", password: "p"), now: start)
        _ = send(nomination(), from: wifi)
        let later = start + .seconds(20)
        _ = send(Check(agent.local), from: wifi, at: later)
        _ = send(Check(agent.local), from: mobile, at: start + .seconds(40))
        #expect(agent.nextDeadline == later + .seconds(30))
        #expect(agent.expire(now: later + .seconds(29)) == nil)
        #expect(agent.expire(now: later + .seconds(30)) == .consentLost)
        #expect(agent.nextDeadline == .never)
    }

    @Test mutating func `a peer that never nominates times out`() {
        #expect(agent.nextDeadline == .never)
        agent.setRemote(ICECredentials(ufrag: "peer", password: "p"), now: start)
        _ = send(Check(agent.local), from: wifi, at: start + .seconds(29))
        #expect(agent.expire(now: start + .seconds(30)) == .neverConnected)
    }

    @Test mutating func `a restart keeps the path until the next nomination`() {
        let first = agent.local
        _ = send(nomination(), from: wifi)
        #expect(agent.restart(with: ICECredentials(from: &entropy)) == nil)
        #expect(agent.local.ufrag != first.ufrag && agent.local.password != first.password)
        #expect(agent.localUfrags == [first.ufrag, agent.local.ufrag])
        let consent = send(nomination(first), from: wifi, at: start + .seconds(5))
        #expect(consent.response != nil)
        #expect(agent.nextDeadline == start + .seconds(35))
        #expect(send(nomination(first), from: mobile).selected == nil)
        let moved = send(nomination(), from: mobile, at: start + .seconds(6))
        #expect(moved.selected == mobile)
        #expect(moved.retiredUfrag == first.ufrag)
        #expect(send(Check(first), from: wifi).response == nil)
    }

    @Test mutating func `a restart without any nomination retires the ufrag at once`() {
        let first = agent.local
        #expect(agent.restart(with: ICECredentials(from: &entropy)) == first.ufrag)
        #expect(agent.localUfrags == [agent.local.ufrag])
        #expect(send(Check(first), from: wifi).response == nil)
    }

    @Test mutating func `validated addresses are few, and the selected one stays`() {
        _ = send(nomination(), from: wifi)
        var evicted: [RemotePath] = []
        for port in 1...20 as ClosedRange<UInt16> {
            let source = RemotePath(SocketAddress(ip: .loopbackIPv4, port: port))
            if let path = send(Check(agent.local), from: source).evicted { evicted.append(path) }
        }
        #expect(evicted.count == 21 - ICELiteAgent.maximumValidated)
        #expect(evicted.first?.address.port == 1)
        #expect(agent.isValidated(wifi))
    }

    @Test mutating func `a connection is another path than datagrams from its address, and than the next one`() {
        let connections = [1, 2].map { RemotePath(wifi.address, connection: $0) }
        #expect(send(nomination(), from: connections[0]).selected == connections[0])
        #expect(!agent.isValidated(wifi))
        #expect(!agent.isValidated(connections[1]))
        #expect(send(nomination(), from: connections[1]).selected == connections[1])
        #expect(send(nomination(), from: wifi).selected == wifi)
    }

    @Test mutating func `a closed connection is no path any more, and the peer has until consent ends for another`() {
        let connection = RemotePath(wifi.address, connection: 1)
        _ = send(nomination(), from: connection)
        agent.lose(connection)
        #expect(!agent.isValidated(connection))
        #expect(agent.expire(now: start + (ICELiteAgent.consentTimeout - .milliseconds(1))) == nil)
        #expect(send(nomination(), from: mobile).selected == mobile)
        agent.lose(RemotePath(mobile.address, connection: 2))
        #expect(agent.isValidated(mobile))
        #expect(agent.expire(now: start + ICELiteAgent.consentTimeout) == .consentLost)
    }

    @Test mutating func `responses, indications and other methods are met with silence`() {
        let key = Array(agent.local.password.utf8)
        for messageClass in [STUNClass.success, .error, .indication] {
            var writer = STUNWriter(messageClass, transactionID: STUNTransactionID(high: 1, low: 1))
            writer.username(receiver: agent.local.ufrag, sender: "peer")
            let bytes = writer.finish(integrityKey: key)
            #expect(agent.receive(bytes.span.bytes, from: wifi, now: start).response == nil)
        }
        var allocate = STUNWriter(.request, transactionID: STUNTransactionID(high: 1, low: 1), method: 3)
        allocate.username(receiver: agent.local.ufrag, sender: "peer")
        let bytes = allocate.finish(integrityKey: key)
        #expect(agent.receive(bytes.span.bytes, from: wifi, now: start).response == nil)
    }

    @Test mutating func `the local ufrag is found without reading more`() {
        let check = Check(agent.local).bytes()
        #expect(STUN.localUfrag(in: check.span.bytes) == agent.local.ufrag)
        let foreign = RFC5769.request
        #expect(STUN.localUfrag(in: foreign.span.bytes) == nil)
        for count in 0..<check.count {
            let part = Array(check[..<count])
            let found = STUN.localUfrag(in: part.span.bytes)
            #expect(found == nil || found == agent.local.ufrag)
        }
    }

    @Test func `credentials differ and are long enough`() {
        var entropy = Entropy(seed: 9)
        let (one, other) = (ICECredentials(from: &entropy), ICECredentials(from: &entropy))
        #expect(one.ufrag.utf8.count == ICECredentials.localUfragLength)
        #expect(one.password.utf8.count >= 22)
        #expect(one != other)
    }
}
