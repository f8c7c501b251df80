import CallViews
import Web

/// The forms in which one thing is answered: JSON for programs, others for people and their tools.
///
/// `?format=` names one by its raw value; without it the Accept header decides.
protocol AnswerFormat: RawRepresentable<String>, CaseIterable, Sendable {
    /// What programs get, who ask for nothing in particular.
    static var json: Self { get }
    /// Media types that ask for another form; the first that is accepted counts.
    static var mediaTypes: [(String, Self)] { get }
}

extension AnswerFormat {
    static var names: [String] { allCases.map(\.rawValue) }

    init(of request: APIRequest) throws(Failure) {
        guard let name = request.query("format") else {
            let accepted = request.http.fields["Accept"] ?? ""
            self = Self.mediaTypes.first { accepted.contains($0.0) }?.1 ?? .json
            return
        }
        guard let format = Self(rawValue: name) else {
            throw .invalid("format", "один из: " + Self.names.joined(separator: ", "))
        }
        self = format
    }
}
