import Testing
import Wire

@testable import SIP

/// Who calls whom, and the small values of session extensions; nothing of them can break out of its line.
struct IdentityTests {
    private func headers(_ name: SIPHeaderName, _ values: String...) -> SIPHeaders {
        var headers = SIPHeaders()
        for value in values { headers.append(name, value) }
        return headers
    }

    @Test func `asserted identities are read, one a number and one an address`() {
        let both = headers(.pAssertedIdentity, "\"Cullen\" <sip:cullen@cisco.com>", "tel:+14085264000")
        #expect(both.pAssertedIdentities.map(\.uri.user) == ["cullen", "+14085264000"])
        var made = SIPHeaders()
        made.pAssertedIdentities = both.pAssertedIdentities
        #expect(made.all(.pAssertedIdentity) == ["\"Cullen\" <sip:cullen@cisco.com>", "<tel:+14085264000>"])
        made.pPreferredIdentity = both.pAssertedIdentities.first
        #expect(made.pPreferredIdentity?.displayName == "Cullen")
    }

    @Test func `Remote-Party-ID says whom and whether to show it`() throws {
        let read = try #require(
            headers(.remotePartyID, "\"Ann\" <sip:100@h>;party=calling;screen=yes;privacy=full").remotePartyID)
        #expect(
            (read.address.displayName, read.isPrivate, read.isScreened, read.party) == ("Ann", true, true, .calling))
        #expect(read.description == "\"Ann\" <sip:100@h>;party=calling;screen=yes;privacy=full")
        #expect(headers(.remotePartyID, "<sip:100@h>").remotePartyID?.isPrivate == false)
    }

    @Test func `privacy is a list of words`() {
        #expect(headers(.privacy, "ID;critical").privacy == ["id", "critical"])
        #expect(headers(.privacy, "id;critical").wantsPrivacy)
        #expect(!headers(.privacy, "none").wantsPrivacy)
        var made = SIPHeaders()
        made.privacy = ["id", "x\r\nEvil: 1", ""]
        #expect(made[.privacy] == "id")
    }

    @Test func `the latest diversion counts, by either header`() {
        let diversion = headers(
            .diversion, "<sip:200@h>;reason=user-busy;counter=1", "<sip:300@h>;reason=no-answer"
        ).divertedFrom
        #expect(diversion?.address.uri.user == "200")
        #expect(diversion?.reason == "user-busy")
        let history = headers(
            .historyInfo, "<sip:bob@h?Reason=SIP%3Bcause%3D302>;index=1", "<sip:office@h>;index=1.1;mp=1"
        ).divertedFrom
        #expect(history?.address.uri.description == "sip:bob@h")
        #expect(history?.reason == "SIP;cause=302")
        #expect(headers(.historyInfo, "<sip:bob@h>;index=1").divertedFrom == nil)
        var made = headers(.diversion, "<sip:300@h>;reason=no-answer")
        made.addDiversion(
            DivertedFrom(address: diversion?.address ?? made.addresses(.diversion)[0], reason: "user-busy"))
        #expect(made.all(.diversion) == ["<sip:200@h>;reason=user-busy", "<sip:300@h>;reason=no-answer"])
    }

    @Test func `Replaces is read and written, and a malformed one is none`() {
        let text = "98732@sip.example.com;to-tag=r33th4x0r;from-tag=ff87ff;early-only"
        let read = Replaces(text)
        #expect(
            read == Replaces(callID: "98732@sip.example.com", toTag: "r33th4x0r", fromTag: "ff87ff", isEarlyOnly: true))
        #expect(read?.description == text)
        #expect(headers(.replaces, "  12adf2f34456gs5;from-tag=0 ; to-tag=12345").replaces?.fromTag == "0")
        for malformed in [
            "", "a", "a;to-tag=1", "a;from-tag=1;to-tag=", "a b;to-tag=1;from-tag=2", "a;to-tag=1;from-tag=2, b",
        ] {
            #expect(Replaces(malformed) == nil, "\(malformed)")
        }
    }

    @Test func `RAck and RSeq are numbers, and what is too large is none`() {
        let read = headers(.rAck, "776656 1 INVITE").rAck
        #expect(read == ReliableAcknowledgement(sequence: 776_656, request: CSeq(1, .invite)))
        #expect(read?.description == "776656 1 INVITE")
        for malformed in ["", "1", "1 2", "1 INVITE", "x 1 INVITE", "4294967296 1 INVITE", "1 1 INVITE x"] {
            #expect(headers(.rAck, malformed).rAck == nil, "\(malformed)")
        }
        #expect(headers(.rSeq, "4294967295").rSeq == .max)
        #expect(headers(.rSeq, "4294967296").rSeq == nil)
    }

    @Test func `whatever stands in a header is read or not, and never more`() {
        var random = Entropy(seed: 17)
        let pieces = [
            "<", ">", "sip:a@h", "tel:+1", ";", "=", "\"", "\\", ",", "?", "&", "%3B", "%", "to-tag", "from-tag=1", "1",
            "99999999999", " ", "INVITE", "Reason", "reason", "@", "\u{0}", "é", "early-only", "refresher=uac",
        ]
        let names: [SIPHeaderName] = [
            .pAssertedIdentity, .pPreferredIdentity, .remotePartyID, .privacy, .referredBy, .diversion, .historyInfo,
            .sessionExpires, .minSE, .rSeq, .rAck, .replaces, .reason, .referTo,
        ]
        for _ in 0..<3000 {
            var headers = SIPHeaders()
            for name in names {
                let count = Int.random(in: 0...8, using: &random)
                let value = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
                headers.append(name, value)
            }
            let read: [Any?] = [
                headers.pAssertedIdentities, headers.pPreferredIdentity, headers.remotePartyID?.description,
                headers.wantsPrivacy, headers.referredBy, headers.divertedFrom, headers.sessionExpires, headers.minSE,
                headers.rSeq, headers.rAck, headers.reason, headers.addresses(.referTo),
            ]
            #expect(read.count == 12, "seed 17")
            if let replaces = headers.replaces { #expect(Replaces(replaces.description) == replaces, "seed 17") }
        }
    }

    @Test func `no value breaks out of its line`() throws {
        let evil = "x\r\nEvil: 1\n\u{0}"
        var address = NameAddress(displayName: evil, uri: try #require(SIPURI("sip:a@h")))
        address.uri.user = evil
        address.parameters.set("p", evil)
        var target = try #require(SIPURI("sip:a@h"))
        target.headers = [SIPURI.Header(name: "Replaces", value: evil)]
        var request = SIPRequest(.invite, target)
        request.headers.pAssertedIdentities = [address]
        request.headers.pPreferredIdentity = address
        request.headers.remotePartyID = RemotePartyID(address: address)
        request.headers.referredBy = address
        request.headers.replaces = Replaces(callID: evil, toTag: evil, fromTag: evil)
        request.headers.addDiversion(DivertedFrom(address: address, reason: evil))
        request.headers.reason = SIPReason(cause: 1, text: evil)
        request.headers.set(.referTo, [NameAddress(uri: target)])
        let lines = request.serialized().split(separator: UInt8.lineFeed)
        #expect(!lines.contains { $0.starts(with: "Evil".utf8) })
        // The start line, eight headers, Content-Length and the blank line.
        #expect(lines.count == 11)
        #expect(!request.serialized().contains(0))
    }
}
