import CallModel
import CallViews
import Directory
import Web
import Wire

/// Queues and conferences.
extension Operation {
    static let listQueues = Operation(
        "Queues: who waits and who takes calls", Family.queues, answers: .json(.data(.list(of: QueueView.schema))))

    static let showQueue = Operation(
        "One queue", Family.queues, answers: .json(.data(QueueView.schema)), refusals: [.queueNotFound]
    ).taking(.path("name", .text))

    static let joinQueue = Operation(
        "Somebody begins to take a queue's calls", Family.queues, answers: .json(.created, .data(QueueView.schema)),
        refusals: [.queueNotFound, .userNotFound, .invalidState]
    ).taking(.path("name", .text)).body(.object(["userId": .count]), isOptional: true)

    static let pauseInQueue = Operation(
        "A member of a queue rests, or comes back", Family.queues, answers: .json(.data(QueueView.schema)),
        refusals: [.queueNotFound, .userNotFound, .invalidState]
    ).taking(.path("name", .text), .path("userId", .rowID)).body(
        .object([
            "paused": .any(of: [.flag, .words(["true", "false"])]), "reason": .member(),
        ]))

    static let leaveQueue = Operation(
        "A member leaves a queue", Family.queues, answers: .json(.data(QueueView.schema)),
        refusals: [.queueNotFound, .userNotFound, .invalidState]
    ).taking(.path("name", .text), .path("userId", .rowID))

    static let listConferences = Operation(
        "Conferences and who is in them", Family.conferences,
        answers: .json(.data(.list(of: ConferenceView.schema))))

    static let showConference = conference("Who is in a conference")

    static let callIntoConference = Operation(
        "Calls a number into a conference", Family.conferences,
        answers: .json(.created, .data(CallView.gateway.schema())),
        refusals: [Failure].creation + [.conferenceNotFound]
    ).taking(.path("name", .text), .idempotencyKey).body(
        .object(["to": .any(of: [.phone, .integer(0...Int.max)])]))

    static let muteParticipant = conference("Mutes a participant").taking(.call("callId"))
    static let unmuteParticipant = conference("Lets a participant be heard again").taking(.call("callId"))
    static let removeParticipant = conference("Removes a participant").taking(.call("callId"))
    static let startConferenceRecording = conference("Begins to record a conference").body(
        .object(["tone": .switching]), isOptional: true)
    static let stopConferenceRecording = conference("Ends the recording of a conference")

    static var listenToConference: Operation {
        var operation = Operation("The recording of a conference", Family.conferences)
        operation.answers = Answer.file("audio/wav", "audio/ogg")
        return operation.refusing(.conferenceNotFound, .recordingNotFound, .recordingTooLong).taking(
            .path("name", .text), .range)
    }

    private static func conference(_ summary: String) -> Operation {
        Operation(
            summary, Family.conferences, answers: .json(.data(ConferenceView.schema)),
            refusals: [Failure].command + [.conferenceNotFound]
        ).taking(.path("name", .text))
    }
}
