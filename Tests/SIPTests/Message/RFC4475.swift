import Testing

@testable import SIP

/// The messages of RFC 4475 and their outcomes, in its order.
enum RFC4475 {
    static let cases = valid + invalid + beyondTheParser

    /// Section 3.1.1.
    private static let valid: [TortureCase] = [
        TortureCase("3.1.1.1", "wsinv", .accepted(shortTortuousInvite)),
        TortureCase("3.1.1.2", "intmeth", .accepted(wideRangeOfCharacters)),
        TortureCase(
            "3.1.1.3", "esc01",
            .accepted {
                let request = try #require($0.request)
                #expect(request.uri.user == "sips:user@example.com")
                #expect(request.uri.host == "example.net")
                #expect(request.headers.to?.uri.user == "user")
                #expect(request.headers.from?.uri.user == "I have spaces")
                let contact = try #require(request.headers.contacts.first)
                #expect(contact.uri.user == "caller")
                #expect(contact.uri.isLooseRoute)
                #expect(contact.uri.parameters["name"] == "value%41")
            }),
        TortureCase(
            "3.1.1.4", "escnull",
            .accepted {
                let headers = try #require($0.request).headers
                #expect(headers.to?.uri.user == "null-\0-null")
                #expect(headers.contacts.map(\.uri.user) == ["\0", "\0\0"])
            }),
        TortureCase(
            "3.1.1.5", "esc02",
            .accepted {
                let request = try #require($0.request)
                #expect(request.method == .other("RE%47IST%45R"))
                #expect(request.headers.to?.displayName == "%Z%45")
                #expect(request.headers.contacts.map(\.uri.user) == ["alias1", "alias3"])
                #expect(request.headers["C%6Fntact"] == "<sip:alias2@host2.example.com>")
            }),
        TortureCase(
            "3.1.1.6", "lwsdisp", .accepted { #expect($0.headers.from?.displayName == "caller") }),
        TortureCase(
            "3.1.1.7", "longreq",
            .accepted {
                #expect($0.headers.vias.count == 34)
                #expect($0.headers.vias.first?.host == "sip33.example.com")
                #expect($0.headers.vias.last?.host == "host.example.com")
                #expect($0.headers.to?.uri.port == 6000)
                #expect($0.headers.from?.tag?.count == 155)
                #expect($0.body.count == 150)
            }),
        TortureCase(
            "3.1.1.8", "dblreq",
            .accepted {
                let request = try #require($0.request)
                #expect(request.method == .register)
                #expect(request.body.isEmpty)
            }),
        TortureCase(
            "3.1.1.9", "semiuri",
            .accepted {
                let request = try #require($0.request)
                #expect(request.uri.user == "user;par=u@example.net")
                #expect(request.uri.parameters.isEmpty)
                #expect(request.headers.list(.accept).count == 6)
            }),
        TortureCase(
            "3.1.1.10", "transports",
            .accepted {
                #expect($0.headers.vias.map(\.transport) == [.udp, .sctp, .tls, .other("UNKNOWN"), .tcp])
            }),
        TortureCase(
            "3.1.1.11", "mpart01",
            .accepted {
                #expect($0.headers.contentType?.parameters["boundary"] == "7a9cbec02ceef655")
                #expect($0.body.count == 553)
                #expect($0.body.contains(0))
            }),
        TortureCase(
            "3.1.1.12", "unreason",
            .accepted {
                let reason = try #require($0.response).reason
                #expect(reason.hasPrefix("= 2**3 * 5**2 "))
                #expect(reason.hasSuffix(" - простое"))
            }),
        TortureCase(
            "3.1.1.13", "noreason",
            .accepted {
                let response = try #require($0.response)
                #expect(response.status == 100)
                #expect(response.reason.isEmpty)
            }),
    ]

    /// Section 3.1.2.
    ///
    /// Where the RFC lets an element choose between repair and 400, this one answers 400, except for
    /// a Date that it has no use for.
    private static let invalid: [TortureCase] = [
        TortureCase("3.1.2.1", "badinv01", .malformed(400)),
        TortureCase("3.1.2.2", "clerr", .malformed(400)),
        TortureCase("3.1.2.3", "ncl", .malformed(400)),
        TortureCase("3.1.2.4", "scalar02", .malformed(400)),
        TortureCase("3.1.2.5", "scalarlg", .dropped),
        TortureCase("3.1.2.6", "quotbal", .malformed(400)),
        TortureCase("3.1.2.7", "ltgtruri", .malformed(400)),
        TortureCase("3.1.2.8", "lwsruri", .malformed(400)),
        TortureCase("3.1.2.9", "lwsstart", .malformed(400)),
        TortureCase("3.1.2.10", "trws", .malformed(400)),
        TortureCase("3.1.2.11", "escruri", .malformed(400)),
        TortureCase(
            "3.1.2.12", "baddate", .accepted { #expect($0.headers[.date] == "Fri, 01 Jan 2010 16:00:00 EST") }),
        TortureCase("3.1.2.13", "regbadct", .malformed(400)),
        TortureCase("3.1.2.14", "badaspec", .malformed(400)),
        TortureCase("3.1.2.15", "baddn", .malformed(400)),
        TortureCase("3.1.2.16", "badvers", .malformed(505)),
        TortureCase("3.1.2.17", "mismatch01", .malformed(400)),
        TortureCase("3.1.2.18", "mismatch02", .malformed(400)),
        TortureCase("3.1.2.19", "bigcode", .dropped),
    ]

    /// Sections 3.2, 3.3 and 3.4.
    private static let beyondTheParser: [TortureCase] = [
        TortureCase(
            "3.2.1", "badbranch",
            .accepted {
                #expect($0.headers.topVia?.branch == "z9hG4bK")
                #expect($0.headers.topVia?.uniqueBranch == nil)
            }),
        TortureCase("3.3.1", "insuf", .malformed(400)),
        TortureCase("3.3.2", "unkscm", .rejected(416)),
        TortureCase("3.3.3", "novelsc", .rejected(416)),
        TortureCase("3.3.4", "unksm2", .rejected(400)),
        TortureCase(
            "3.3.5", "bext01",
            .rejected(420) { $0.headers.unsupported == ["nothingSupportsThis", "nothingSupportsThisEither"] }),
        TortureCase("3.3.6", "invut", .rejected(415) { $0.headers[.accept] == "application/sdp" }),
        TortureCase(
            "3.3.7", "regaut01",
            .accepted {
                // No scheme this server knows: as if there were none, so that it is challenged.
                #expect($0.headers[.authorization] == "NoOneKnowsThisScheme opaque-data=here")
                #expect(DigestCredentials($0.headers[.authorization] ?? "") == nil)
            }),
        TortureCase("3.3.8", "multi01", .malformed(400)),
        TortureCase("3.3.9", "mcl01", .malformed(400)),
        TortureCase(
            "3.3.10", "bcast",
            .accepted {
                #expect($0.response?.isMisrouted == true)
                #expect($0.headers.vias.last?.host == "255.255.255.255")
            }),
        TortureCase(
            "3.3.11", "zeromf",
            .accepted {
                // For this server it is to be answered; on its way to another one it ends here.
                let request = try #require($0.request)
                let forwarded = SIPRequestValidator.Circumstances(isForwarded: true)
                #expect(TortureCase.server.rejection(of: request, forwarded)?.status == 483)
            }),
        TortureCase(
            "3.3.12", "cparam01",
            .accepted {
                let contact = try #require($0.headers.contacts.first)
                #expect(contact.parameters.contains("unknownparam"))
                #expect(contact.uri.parameters.isEmpty)
            }),
        TortureCase(
            "3.3.13", "cparam02",
            .accepted {
                let contact = try #require($0.headers.contacts.first)
                #expect(contact.uri.parameters.contains("unknownparam"))
                #expect(contact.parameters.isEmpty)
            }),
        TortureCase(
            "3.3.14", "regescrt",
            .accepted {
                let contact = try #require($0.headers.contacts.first)
                #expect(contact.uri.headers == [SIPURI.Header(name: "Route", value: "<sip:sip.example.com>")])
            }),
        TortureCase("3.3.15", "sdp01", .rejected(406)),
        TortureCase(
            "3.4.1", "inv2543",
            .accepted {
                let request = try #require($0.request)
                #expect(request.headers.from?.uri.parameters["user"] == "phone")
                #expect(request.headers.from?.tag == nil)
                #expect(request.headers.recordRoutes.first?.uri.parameters["maddr"] == "ss1.example.com")
                #expect(request.body.count > 100)
            }),
    ]

    /// 3.1.1.1: everything that may be folded, spaced, repeated or abbreviated.
    private static let shortTortuousInvite: @Sendable (SIPMessage) throws -> Void = {
        let request = try #require($0.request)
        let headers = request.headers
        #expect(request.uri.parameters.contains("unknownparam"))
        #expect(headers.to?.tag == "1918181833n")
        #expect(headers.from?.displayName == "J Rosenberg \\\"")
        #expect(headers.from?.tag == "98asjd8")
        #expect(headers.maxForwards == 68)
        #expect(headers.cseq == CSeq(9, .invite))
        #expect(headers[.subject] == "")
        #expect(headers["NewFangledHeader"]?.hasPrefix("newfangled value") == true)
        #expect(headers["newfangledheader"]?.hasSuffix("continued newfangled value") == true)
        #expect(headers.vias.map(\.branch) == ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"])
        #expect(headers.vias.map(\.host) == ["192.0.2.2", "spindle.example.com", "192.168.255.111"])
        #expect(headers.topVia?.uniqueBranch == nil)
        #expect(headers.routes.first?.uri.parameters["unknownwith"] == "value")
        let contact = try #require(headers.contacts.first)
        #expect(contact.displayName == "Quoted string \"\"")
        #expect(contact.parameters["newparam"] == "newvalue")
        #expect(contact.parameters["q"] == "0.33")
        #expect(request.body.count == 150)
    }

    /// 3.1.1.2: every character the grammar allows.
    private static let wideRangeOfCharacters: @Sendable (SIPMessage) throws -> Void = {
        let request = try #require($0.request)
        #expect(request.uri.user == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
        #expect(request.uri.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
        #expect(request.uri.host == "example.com")
        #expect(request.headers.to?.displayName == "BEL:\u{7} NUL:\0 DEL:\u{7F}")
        #expect(request.headers.from?.displayName == "token1~` token2'+_ token3*%!.-")
        #expect(request.headers.from?.parameters["fromParam''~+*_!.-%"] == "работающий")
        #expect(request.headers.from?.tag == "_token~1'+`*%!-.")
        #expect(request.headers.callID == "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{")
        #expect(request.headers.topVia?.uniqueBranch == "z9hG4bK-.!%66*_+`'~")
        #expect(request.headers["extensionHeader-!.%*+_`'~"]?.utf8.starts(with: [0xEF, 0xBB, 0xBF]) == true)
        #expect(request.headers.maxForwards == 255)
    }
}
