/// Programs that look for telephones to abuse and say so themselves.
///
/// What names itself otherwise is caught by its rate and its wrong passwords.
enum Scanners {
    private static let names: Set<String> = [
        "friendly-scanner", "friendly-request", "sipvicious", "sundayddr", "sip-scan", "sipscan", "sipcli", "iwar",
        "sivus", "smap", "pplsip", "vaxsipuseragent", "vaxasip", "gulp",
    ]

    /// Decides by the first word of the User-Agent, whatever its case: longer names may be honest.
    static func recognises(userAgent: String?) -> Bool {
        guard let name = userAgent?.prefix(32).lowercased() else { return false }
        return names.contains(String(name.prefix { $0.isLetter || $0 == "-" }))
    }
}
