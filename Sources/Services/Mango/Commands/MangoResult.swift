/// What the exchange says of a command (list of 02.06.2025): the class of its code.
enum MangoResult: Hashable, Sendable {
    case done
    /// 2xxx: the account.
    case billing(Int)
    /// 3xxx: the request is wrong.
    case badRequest(Int)
    /// 4xxx: it cannot be done now.
    case impossible(Int)
    /// 5xxx, and codes of no class.
    case failed(Int)

    init(code: Int) {
        switch code {
        case 1000...1999: self = .done
        case 2000...2999: self = .billing(code)
        case 3000...3999: self = .badRequest(code)
        case 4000...4999: self = .impossible(code)
        default: self = .failed(code)
        }
    }

    /// A label of metrics.
    var word: String {
        switch self {
        case .done: "done"
        case .billing: "billing"
        case .badRequest: "bad_request"
        case .impossible: "impossible"
        case .failed: "failed"
        }
    }
}
