import CallModel
import CallViews
import Web
import Wire

/// What a client of document 004 may tell of a call: the members of `PATCH …/status` and `POST …/end` beside the state.
struct CallOutcome: Sendable {
    static let maximumTranscript = 1_000_000
    static let maximumSummary = 100_000
    static let confidence = 0.0...1.0

    let duration: Int?
    private let recordingURL: String?
    private let transcript: String?
    private let summary: String?
    private let sentiment: Sentiment?
    private let confidenceScore: Double?

    init(_ request: APIRequest) throws(Failure) {
        duration = try request.count("duration")
        recordingURL = try request.text("recordingUrl", maximumLength: APIRequest.maximumURL)
        transcript = try request.text("transcript", maximumLength: Self.maximumTranscript)
        summary = try request.text("summary", maximumLength: Self.maximumSummary)
        if let word = try request.text("sentiment") {
            guard let sentiment = Sentiment(rawValue: word) else {
                throw .invalid("sentiment", "positive, neutral или negative")
            }
            self.sentiment = sentiment
        } else {
            sentiment = nil
        }
        if let value = request.body["confidenceScore"], !value.isNull {
            guard let score = value.doubleValue, Self.confidence.contains(score) else {
                throw .invalid("confidenceScore", "число от 0 до 1")
            }
            confidenceScore = score
        } else {
            confidenceScore = nil
        }
    }

    /// Whether there is nothing to write besides a duration.
    var isEmpty: Bool {
        recordingURL == nil && transcript == nil && summary == nil && sentiment == nil && confidenceScore == nil
    }

    /// Writes what was told; what was left out stays.
    func apply(to record: inout CallRecord) {
        record.recordingURL = recordingURL ?? record.recordingURL
        record.transcript = transcript ?? record.transcript
        record.summary = summary ?? record.summary
        record.sentiment = sentiment ?? record.sentiment
        record.confidenceScore = confidenceScore ?? record.confidenceScore
    }
}
