import CallModel
import CallViews
import Directory
import Web
import Wire

/// What document 000 alone has.
extension Operation {
    static let recordsHealth = Operation(
        "Whether calls are served", Family.records,
        answers: .json(.object(["success": .flag, "message": .text, "timestamp": .moment]))
    ).open(to: .open)

    static let recordsStatistics = Operation(
        "Figures of the calls that filters let through", Family.records,
        answers: .json(.data(CallFigures.recordsSchema)), refusals: [.storeUnavailable, .invalidPhone("")]
    ).taking(recordsFilters)

    static let callsByPhone = Operation(
        "The newest calls of a number", Family.records,
        answers: .json(.data(.list(of: CallView.records.schema(), atMost: API.callsOfNumber))),
        refusals: [.storeUnavailable, .invalidPhone("")]
    ).taking(.path("phone", .dialled))

    static let correctCall = Operation(
        "Corrects the record of a call", Family.records, answers: .json(.data(CallView.records.schema(.detail))),
        refusals: [Failure].command
    ).taking(.call()).body(RecordEdit.schema, isOptional: true)

    static let recordingLink = Operation(
        "Where the recording of a call can be had", Family.records,
        answers: .json(.object(["success": .constant(true), "url": .text])),
        refusals: [Failure].call + [.recordingNotFound]
    ).taking(.call())
}

extension RecordForm {
    static let schema = JSONSchema.object([
        "phoneClient": .any(of: [.phone, .integer(0...Int.max)]), "status": .words(CallView.records.statusWords),
        "phoneAts": .any(of: [.phone, .integer(0...Int.max), .constant(""), JSONSchema(["type": "null"])]).optional,
        "dateCreate": .date.orNull.optional, "duration": .count,
        "callId": .any(of: [.text(atMost: maximumCallID).orNull, .integer]).optional,
        "rk": .member(), "city": .member(), "avitoName": .member(), "recordUrl": recordURLSchema,
    ])

    static let recordURLSchema = JSONSchema.text(
        atMost: APIRequest.maximumURL, pattern: "^($|https?://|s3://|/)"
    ).orNull.optional
}

extension RecordEdit {
    static let schema = JSONSchema.object([
        "status": .words(CallView.records.statusWords).orNull.optional,
        "note": .member(atMost: CRMEdit.maximumNotes), "duration": .count,
        "recordUrl": RecordForm.recordURLSchema, "rk": .member(), "city": .member(),
    ])
}
