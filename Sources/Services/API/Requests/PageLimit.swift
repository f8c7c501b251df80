/// How many elements a list shows when nothing is said, and at most.
struct PageLimit: Sendable {
    let usual: Int
    let maximum: Int

    static let records = PageLimit(usual: 20, maximum: 500)
    static let gateway = PageLimit(usual: 10, maximum: 100)
    static let crm = PageLimit(usual: 50, maximum: 200)
    static let logs = PageLimit(usual: 100, maximum: 1000)
    static let latest = PageLimit(usual: 20, maximum: 500)
    static let outbox = PageLimit(usual: 50, maximum: 200)
    static let companies = PageLimit(usual: 50, maximum: 500)
}
