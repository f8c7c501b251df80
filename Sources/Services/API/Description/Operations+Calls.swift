import CallModel
import CallViews
import Calls
import Directory
import Media
import Web
import Wire

/// `/api/v1/calls` and what hangs on a call.
extension Operation {
    static let logIn = Operation(
        "A token for a login and its password", Family.login,
        answers: .json(
            .data(.object(["token": .text, "expiresIn": .integer.described("Seconds"), "user": User.accountSchema]))),
        refusals: [.unauthorized, .storeUnavailable]
    ).body(.object(["login": .requiredMember(), "password": .requiredMember()])).open(to: .open)

    static let listCalls = Operation(
        "Calls, the newest first", Family.records, Family.gateway,
        answers: .json(
            .data(
                .object([
                    "calls": .any(of: [
                        .list(of: CallView.records.schema()), .list(of: CallView.gateway.schema()),
                    ]), "pagination": PageInfo.v1Schema,
                ]))),
        refusals: [.storeUnavailable, .invalidPhone("")]
    ).taking(Parameter.page(.records)).taking(recordsFilters).taking(
        .view,
        .query(
            "status",
            .words(
                CallView.records.statusWords
                    + CallView.gateway.statusWords.filter {
                        !CallView.records.statusWords.contains($0)
                    })), .query("clientId", .uuid), .query("direction", .words(API.directions)),
        .query(date: "fromDate"),
        .query(date: "toDate"))

    static let recordsFilters: [Parameter] = [
        .query(id: "operatorId"), .query(date: "startDate"), .query(date: "endDate", "Inclusive"),
        .query("phone", .text(pattern: "^[^0-9]*[0-9][0-9 ()+.-]*$"), "Digits of the client's number"),
        .query("city", .text),
    ]

    static let makeCall = Operation(
        "Makes a call, or writes down one that is over", Family.records, Family.gateway,
        answers: .json(
            .created, .any(of: [.data(CallView.gateway.schema()), .data(CallView.records.schema(.detail))])),
        refusals: [Failure].creation + [.duplicateCallID]
    ).taking(.idempotencyKey).body(.any(of: [wantedCall, RecordForm.schema]))

    private static let wantedCall = JSONSchema.object([
        "phoneNumber": .any(of: [
            .text(atMost: PhoneNumber.maximumLength, pattern: "^(\(PhoneNumber.patternOfE164))$"),
            .words(BuiltInNumber.allCases.map(\.rawValue)),
        ]), "direction": .words(API.directions), "clientId": .writtenUUID.orNull.optional, "from": .optionalTelephone,
    ])

    static let showCall = Operation(
        "One call", Family.records, Family.gateway,
        answers: .json(.any(of: [.data(CallView.records.schema(.detail)), .data(CallView.gateway.schema())])),
        .notModified, refusals: [Failure].call
    ).taking(.call(), .view, .ifNoneMatch)

    static let changeStatus = Operation(
        "Changes a call's status", Family.gateway, answers: .json(.data(CallView.gateway.schema())),
        refusals: [Failure].command
    ).taking(.call()).body(
        .object([("status", .words(CallView.gateway.statusWords))] + CallOutcome.members))

    static let endCall = Operation(
        "Ends a call; repeating it changes nothing", Family.gateway,
        answers: .json(.data(CallView.gateway.schema())), refusals: [Failure].command
    ).taking(.call()).body(.object(CallOutcome.members), isOptional: true)

    static let openSession = Operation(
        "Notes that somebody follows a call", Family.gateway, answers: .json(.created, .data(CallSession.schema)),
        refusals: [Failure].creation
    ).taking(.call(), .idempotencyKey).body(
        .object(["userId": .memberOrNumber(), "callId": .any(of: [.callKey, JSONSchema(["type": "null"])]).optional]),
        isOptional: true)

    static let listSessions = Operation(
        "Who follows live calls", Family.gateway, answers: .json(.data(.list(of: CallSession.schema))),
        refusals: [.storeUnavailable])

    static let play = Operation(
        "Plays an announcement into a call", Family.calls, answers: .json(.data(CallView.gateway.schema())),
        refusals: [Failure].command + [.soundNotFound, Failure(.badGateway, "SOUND_UNAVAILABLE", "")]
    ).taking(.call()).body(
        .any(of: PlayOrder.choices.map { .object($0 + PlayOrder.options) }).described(
            "Exactly one of file, url and tone"))

    static let stopPlaying = Operation(
        "Stops what is played", Family.calls, answers: .json(.data(CallView.gateway.schema())),
        refusals: [Failure].command
    ).taking(.call())

    static let startStream = Operation(
        "Sends a call's audio to a WebSocket server, and takes audio from it", Family.calls,
        answers: .json(.created, .data(StreamView.schema)), refusals: [Failure].command
    ).taking(.call()).body(StreamRequest.schema)

    static let listStreams = Operation(
        "A call's audio streams", Family.calls, answers: .json(.data(.list(of: StreamView.schema))),
        refusals: [Failure].call
    ).taking(.call())

    static let stopStream = Operation(
        "Ends an audio stream", Family.calls, answers: .json(.data(StreamView.schema)),
        refusals: [Failure].command + [.streamNotFound]
    ).taking(.call(), .path("streamId", .text))

    static let showTrace = Operation(
        "The signalling of a call", Family.calls,
        answers: Answer(
            .ok, "In the form that was asked for",
            [
                (
                    "application/json",
                    .data(.object(["callId": .uuid, "messages": .list(of: JSONSchema(["type": "object"]))]))
                ),
                ("text/plain", nil), ("image/svg+xml", nil), ("application/vnd.tcpdump.pcap", nil),
            ]), refusals: [Failure].call
    ).taking(.call(), .query("format", .words(API.TraceFormat.self)))

    static let showDiagnosis = Operation(
        "Why a call sounded as it did", Family.calls,
        answers: Answer(
            .ok, "For programs or for people",
            [("application/json", .data(JSONSchema(["type": "object"]))), ("text/plain", nil), ("text/html", nil)]),
        refusals: [Failure].call
    ).taking(
        .call(), .query("format", .words(API.DiagnosisFormat.names)),
        .query("ticket", .text, "Of a link, instead of a token"))

    static let linkToDiagnosis = Operation(
        "A link to the page of a diagnosis, for a browser: good for that call and some minutes, without a token",
        Family.calls, answers: .json(.data(.object(["url": .text, "expiresAt": .moment]))), refusals: [Failure].call
    ).taking(.call())

    static var listenToRecording: Operation {
        var operation = Operation("The recording of a call", Family.calls)
        operation.answers = Answer.file("audio/wav", "audio/ogg")
        return operation.refusing([Failure].call + [.recordingNotFound, .recordingTooLong]).taking(.call(), .range)
    }

    static func record(_ word: RecordingCommand) -> Operation {
        let operation = Operation(
            "Recording of a call: \(word.rawValue)", Family.calls,
            answers: .json(.data(.object(["callId": .uuid, "recordingUrl": .text.orNull]))), refusals: [Failure].command
        ).taking(.call())
        return word == .start ? operation.body(.object(["tone": .switching]), isOptional: true) : operation
    }
}

extension CallOutcome {
    /// The members of a body that are read.
    static let members: [(String, JSONSchema)] = [
        ("duration", .count), ("recordingUrl", .member(atMost: APIRequest.maximumURL)),
        ("transcript", .member(atMost: maximumTranscript)), ("summary", .member(atMost: maximumSummary)),
        ("sentiment", .words(Sentiment.self).orNull.optional),
        ("confidenceScore", .number(confidence).orNull.optional),
    ]
}

extension PlayOrder {
    /// What may be played: one of three, the others absent or null.
    fileprivate static let choices: [[(String, JSONSchema)]] = {
        let kinds: [(String, JSONSchema)] = [
            ("file", .text(atMost: maximumFileName, pattern: "^[^\\u0000]*$")), ("url", TextRule.url.schema),
            ("tone", .words(Tone.self)),
        ]
        return kinds.map { chosen in
            kinds.map { $0.0 == chosen.0 ? chosen : ($0.0, JSONSchema(["type": "null"]).optional) }
        }
    }()

    fileprivate static let options: [(String, JSONSchema)] = [
        ("to", .words(Audience.self).orNull.optional), ("loop", .switching),
    ]
}

extension StreamRequest {
    static let schema = JSONSchema.object([
        "url": TextRule.webSocketURL.schema,
        "token": .text(atMost: maximumToken, pattern: "^[!-~]*$").orNull.optional,
        "tracks": .words(PlayOrder.Audience.self).orNull.optional,
        "to": .words(PlayOrder.Audience.self).orNull.optional,
        "encoding": .words(StreamEncoding.self).orNull.optional,
        "sampleRate": .any(of: [.constant(8000), .constant(16_000), JSONSchema(["type": "null"])]).optional,
    ])
}
