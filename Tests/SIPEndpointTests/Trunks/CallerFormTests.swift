import Directory
import Reactor
import SIP
import TestKit
import Testing
import Wire

@testable import SIPEndpoint

/// Who the far side is told is calling, who we are told is, and how numbers are written on the way.
struct CallerFormTests {
    private let host = "198.51.100.1"

    private func invite(
        _ caller: CallerIdentity, number: String = "84951234567", _ change: (inout Trunk) -> Void
    ) throws -> SIPRequest {
        var trunk = Trunk.test("carrier", host)
        trunk.credentials = [
            TrunkCredentials(username: "74950001122", password: "x", registers: false),
            TrunkCredentials(username: "74950001123", password: "x", registers: false, extension: "101"),
        ]
        change(&trunk)
        let world = try TrunkWorld(trunk)
        let carrier = try world.carrier(host, .answers(status: 486))
        world.gateway.with {
            _ = $0.invite(OutgoingInvite(target: .trunk(TrunkRoute(number: number)), from: caller, offer: [1]))
        }
        world.run(.milliseconds(100))
        return try #require(carrier.invite)
    }

    @Test func `the account's name stands in From, and the caller is asserted`() throws {
        let sent = try invite(CallerIdentity(displayName: "Anna", user: "79991234567")) { _ in }
        #expect(sent.headers.from?.uri.description == "sip:74950001122@\(host)")
        #expect(sent.headers.from?.displayName == "Anna")
        #expect(sent.headers.pAssertedIdentities.map(\.uri.user) == ["79991234567"])
        #expect(sent.headers[.privacy] == nil)
        let own = try invite(CallerIdentity(user: "79991234567", account: "101")) { _ in }
        #expect(own.headers.from?.uri.user == "74950001123")
        let pretender = try invite(CallerIdentity(user: "101")) { _ in }
        #expect(pretender.headers.from?.uri.user == "74950001122")
    }

    @Test func `the caller's own number stands in From where the trunk wants it`() throws {
        let sent = try invite(CallerIdentity(user: "101")) {
            $0.callerID.from = .caller
            $0.callerID.assertion = .none
            $0.callerID.number = "74950000000"
        }
        #expect(sent.headers.from?.uri.user == "74950000000")
        #expect(sent.headers.pAssertedIdentities.isEmpty)
        let number = try invite(CallerIdentity(user: "79991234567")) {
            $0.callerID.from = .caller
            $0.callerID.number = "74950000000"
        }
        #expect(number.headers.from?.uri.user == "79991234567")
    }

    @Test func `each form of assertion is written`() throws {
        let caller = CallerIdentity(user: "79991234567")
        let preferred = try invite(caller) { $0.callerID.assertion = .preferred }
        #expect(preferred.headers.pPreferredIdentity?.uri.user == "79991234567")
        #expect(preferred.headers.pAssertedIdentities.isEmpty)
        let party = try invite(caller) { $0.callerID.assertion = .remoteParty }
        #expect(party.headers.remotePartyID?.address.uri.user == "79991234567")
        #expect(party.headers.remotePartyID?.isPrivate == false)
    }

    @Test func `a private caller is anonymous in From, and asserted under Privacy`() throws {
        let caller = CallerIdentity(displayName: "Anna", user: "79991234567", isPrivate: true)
        let sent = try invite(caller) { _ in }
        #expect(sent.headers.from?.uri.description == "sip:anonymous@anonymous.invalid")
        #expect(sent.headers.from?.displayName == "Anonymous")
        #expect(sent.headers.privacy == ["id"])
        #expect(sent.headers.pAssertedIdentities.map(\.uri.user) == ["79991234567"])
        let party = try invite(caller) { $0.callerID.assertion = .remoteParty }
        #expect(party.headers.remotePartyID?.isPrivate == true)
        let silent = try invite(caller) { $0.callerID.assertion = .none }
        #expect(!String(decoding: silent.serialized(), as: UTF8.self).contains("79991234567"))
    }

    @Test func `a phone is shown nobody who does not want it`() throws {
        let world = try Exchange()
        let phone = try world.phone("100", at: "192.0.2.10")
        world.run(.seconds(1))
        let contact = try #require(world.exchange.with { $0.contacts(for: "100") }.first)
        world.exchange.with {
            let caller = CallerIdentity(displayName: "Anna", user: "79991234567", isPrivate: true)
            _ = $0.invite(OutgoingInvite(target: .contact(contact), from: caller, offer: [1]))
        }
        world.run(.seconds(1))
        let shown = try #require(phone.invites.first?.invite.from)
        #expect(shown == CallerIdentity(displayName: "Anonymous", user: "anonymous", isPrivate: true))
    }

    @Test func `numbers are rewritten on the way out`() throws {
        let sent = try invite(CallerIdentity(user: "1001"), number: "84951234567") {
            $0.numbers.outgoingCalled = [NumberRule(pattern: .prefix("8"), replacement: "+7")]
            $0.numbers.outgoingCaller = [NumberRule(pattern: .exactly("1001"), replacement: "74950001001")]
        }
        #expect(sent.uri.user == "+74951234567")
        #expect(sent.headers.to?.uri.user == "+74951234567")
        #expect(sent.headers.pAssertedIdentities.map(\.uri.user) == ["74950001001"])
    }

    // MARK: Incoming

    private func received(
        _ change: (inout Trunk) -> Void = { _ in }, _ headers: (inout SIPRequest) -> Void
    ) throws -> IncomingInvite {
        var trunk = Trunk.test("carrier", "192.0.2.66")
        change(&trunk)
        let world = try TrunkWorld(trunk)
        let peer = try RawPeer(world.simulation, at: "192.0.2.66")
        var request = peer.request(.invite, user: "74950001122", from: "70000000000")
        headers(&request)
        peer.send(request)
        world.run(.milliseconds(100))
        return try #require(world.gateway.invites.first?.invite)
    }

    @Test func `a trusted trunk's assertion is believed before its Remote-Party-ID, and that before From`() throws {
        let party = "<sip:72222222222@x>;party=calling;privacy=off"
        let both = try received {
            $0.headers.append(.pAssertedIdentity, "\"Ivan\" <tel:+71111111111>")
            $0.headers.append(.remotePartyID, party)
        }
        #expect(both.from == CallerIdentity(displayName: "Ivan", user: "+71111111111"))
        #expect(try received { $0.headers.append(.remotePartyID, party) }.from.user == "72222222222")
        #expect(try received { _ in }.from.user == "70000000000")
        let doubted = try received {
            $0.callerID.trustsIncoming = false
        } _: {
            $0.headers.append(.pAssertedIdentity, "<sip:71111111111@x>")
            $0.headers.append(.remotePartyID, party)
        }
        #expect(doubted.from.user == "70000000000")
    }

    @Test func `who does not want to be shown is marked`() throws {
        #expect(try received { _ in }.from.isPrivate == false)
        #expect(try received { $0.headers.append(.privacy, "id;critical") }.from.isPrivate)
        #expect(try received { $0.headers.append(.privacy, "none") }.from.isPrivate == false)
        let hidden = try received {
            $0.headers.append(.remotePartyID, "<sip:72222222222@x>;party=calling;privacy=full")
        }
        #expect(hidden.from == CallerIdentity(user: "72222222222", isPrivate: true))
        let anonymous = try received {
            $0.headers.from = NameAddress("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1")
        }
        #expect(anonymous.from == CallerIdentity(displayName: "Anonymous", user: "anonymous", isPrivate: true))
    }

    @Test func `numbers are rewritten on the way in, and who diverted the call is told`() throws {
        let invite = try received {
            $0.numbers.incomingCalled = [NumberRule(pattern: .prefix("7495"), replacement: "")]
            $0.numbers.incomingCaller = [NumberRule(pattern: .prefix("7"), replacement: "8")]
        } _: {
            $0.headers.append(.diversion, "<sip:555@x>;reason=unconditional")
        }
        #expect(invite.to == "0001122")
        #expect(invite.from.user == "80000000000")
        #expect(invite.divertedFrom == "555")
    }
}
