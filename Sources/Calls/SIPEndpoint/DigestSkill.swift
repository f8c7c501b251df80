/// Which peers fail at a challenge of an algorithm they do not know, instead of looking at the next one.
///
/// RFC 8760 puts SHA-256 above MD5 and expects a client to pass over what it cannot do. Some end with an error at the
/// first or at any challenge that is not MD5; they are asked in MD5 alone. Credentials of either kind are taken.
enum DigestSkill {
    /// Decides by the start of the User-Agent.
    ///
    /// baresip up to 1.1 gives up at any other algorithm; JsSIP and SIP.js look at the first challenge alone. SIPp, which
    /// takes the first whatever it is, and other simple senders name themselves not at all.
    static func knowsOnlyMD5(userAgent: String?) -> Bool {
        guard let userAgent else { return true }
        return ["baresip v0.", "baresip v1.", "JsSIP", "SIP.js"].contains { userAgent.hasPrefix($0) }
    }
}
