import CallModel
import CallViews
import Directory
import Web
import Wire

/// Lists of calls as responses.
extension API {
    /// Rendering and encoding more calls than these would hold up the control loop.
    private static let longestInPlace = 20

    /// The calls in one view, put into the body that `envelope` makes around them.
    func list(
        _ records: [CallRecord], _ view: CallView, _ form: CallView.Form = .list,
        _ envelope: @escaping @Sendable ([JSONValue]) -> JSONValue
    ) async throws(Failure) -> HTTPResponse {
        let facts = try await facts(records)
        return await rendered(facts.count) { .json(.ok, envelope(facts.map { view.render($0, form) })) }
    }

    /// Makes a response from `count` calls, elsewhere if they are many.
    func rendered(_ count: Int, _ work: @escaping @Sendable () -> HTTPResponse) async -> HTTPResponse {
        guard count > Self.longestInPlace, let background else { return work() }
        return await background.perform(work)
    }
}

extension CallPage {
    /// Where it stands in its list, as page `page` of `limit` calls.
    func info(page: Int, limit: Int) -> PageInfo {
        PageInfo(page: page, limit: limit, total: total, isTotalExact: isTotalExact)
    }
}
