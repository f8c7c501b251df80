import Testing

@testable import SIP

/// What a message must lead to, by the words of its RFC.
enum Outcome: Sendable {
    /// The parser takes it, and the server would serve it.
    case accepted(@Sendable (SIPMessage) throws -> Void)
    /// The parser refuses it, and answers it so.
    case malformed(Int)
    /// The parser refuses it, and nothing is sent: it is a response.
    case dropped
    /// The parser takes it, and the server answers it so.
    case rejected(Int, @Sendable (SIPResponse) -> Bool = { _ in true })
}

extension Outcome {
    var words: String {
        switch self {
        case .accepted: "accepted"
        case .malformed(let status): "unreadable, answered \(status)"
        case .dropped: "unreadable response, dropped"
        case .rejected(let status, _): "read, answered \(status)"
        }
    }
}

/// One message of a torture test document.
struct TortureCase: Sendable, CustomTestStringConvertible {
    let section: String
    let name: String
    let outcome: Outcome

    init(_ section: String, _ name: String, _ outcome: Outcome) {
        (self.section, self.name, self.outcome) = (section, name, outcome)
    }

    var testDescription: String { "\(section) \(name)" }

    func check(_ folder: String) throws {
        let bytes = try TortureResources.bytes(folder, name)
        switch outcome {
        case .accepted(let expectations):
            let message = try SIPParser.parse(bytes)
            if case .request(let request) = message { #expect(TortureCase.server.rejection(of: request) == nil) }
            try expectations(message)
            // What is written again means the same.
            try expectations(try SIPParser.parse(message.serialized()))
        case .malformed(let status):
            let error = try #require(throws: SIPParseError.self) { try SIPParser.parse(bytes) }
            #expect(error.status == status)
            let response = try #require(error.response(toTag: "here"))
            #expect(response.status == status)
        case .dropped:
            let error = try #require(throws: SIPParseError.self) { try SIPParser.parse(bytes) }
            #expect(error.response(toTag: "here") == nil)
        case .rejected(let status, let isRight):
            let request = try #require(SIPParser.parse(bytes).request)
            let rejection = try #require(TortureCase.server.rejection(of: request))
            #expect(rejection.status == status)
            let response = rejection.response(to: request, toTag: "here")
            #expect(isRight(response))
            #expect(response.headers.to?.tag != nil)
        }
    }

    /// A line of the table that the test prints.
    func tableRow(_ document: String) -> String {
        let columns = [(document, 9), (section, 9), (name, 12)].map { text, width in
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        return columns.joined() + outcome.words
    }

    /// A server that knows what RFC 3261 describes, and the methods that RFC 4475 uses as valid ones.
    static let server = SIPRequestValidator(
        allowedMethods: [
            .invite, .ack, .bye, .cancel, .options, .register, .message,
            SIPMethod("!interesting-Method0123456789_*+`.%indeed'~"), SIPMethod("RE%47IST%45R"),
        ],
        extensions: ["100rel", "timer", "replaces"],
        bodies: [.invite: [.sdp]])
}

extension SIPMessage {
    var request: SIPRequest? {
        guard case .request(let request) = self else { return nil }
        return request
    }

    var response: SIPResponse? {
        guard case .response(let response) = self else { return nil }
        return response
    }
}

@Suite struct TortureTests {
    @Test(arguments: RFC4475.cases)
    func `every message of RFC 4475 has the outcome the RFC names`(_ torture: TortureCase) throws {
        try torture.check("rfc4475")
        print(torture.tableRow("RFC 4475"))
    }

    @Test(arguments: RFC5118.cases)
    func `every message of RFC 5118 has the outcome the RFC names`(_ torture: TortureCase) throws {
        try torture.check("rfc5118")
        print(torture.tableRow("RFC 5118"))
    }

    @Test func `no message of either document is left out`() throws {
        #expect(try RFC4475.cases.map(\.name).sorted() == TortureResources.names(in: "rfc4475"))
        #expect(try RFC5118.cases.map(\.name).sorted() == TortureResources.names(in: "rfc5118"))
    }

    @Test(arguments: RFC4475.cases + RFC5118.cases)
    func `no beginning of a torture message upsets the parser`(_ torture: TortureCase) throws {
        let folder = RFC4475.cases.contains { $0.name == torture.name } ? "rfc4475" : "rfc5118"
        let bytes = try TortureResources.bytes(folder, torture.name)
        for length in 0..<bytes.count {
            _ = try? SIPParser.parse(Array(bytes.prefix(length)), framing: .stream)
        }
    }
}
