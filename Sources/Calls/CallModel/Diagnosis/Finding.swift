/// One thing that was wrong with a call, in words, and what to do about it.
package struct Finding: Hashable, Sendable {
    package enum Severity: String, Hashable, Sendable {
        /// Somebody heard nothing, or the call failed.
        case problem
        /// It could be heard, but not well.
        case warning
        /// For completeness.
        case note
    }

    /// What programs may rely on: the words may change, this does not.
    package enum Code: String, Hashable, Sendable, CaseIterable {
        case iceNoChecks = "ice_no_checks"
        case iceNotNominated = "ice_not_nominated"
        case consentLost = "ice_consent_lost"
        case dtlsNotBegun = "dtls_not_begun"
        case dtlsUnfinished = "dtls_unfinished"
        case dtlsFailed = "dtls_failed"
        case wrongFingerprint = "dtls_wrong_fingerprint"
        case srtpWrongKey = "srtp_wrong_key"
        case srtpReplayed = "srtp_replayed"
        case browserSilent = "browser_silent"
        case phoneSilent = "phone_silent"
        case wrongSource = "wrong_source"
        case strangersRefused = "strangers_refused"
        case noAddress = "no_address"
        case nothingSent = "nothing_sent"
        case oneWay = "one_way"
        case notHeardByPeer = "not_heard_by_peer"
        case lowQuality = "low_quality"
        case mediaTimeout = "media_timeout"
        case noSharedCodec = "no_shared_codec"
        case neverJoined = "never_joined"
        case refusedByPeer = "refused_by_peer"
        case credentialsRefused = "credentials_refused"
        case busy
        case declined
        case inviteUnanswered = "invite_unanswered"
        case noWay = "no_way"
        case forbiddenByLimits = "forbidden_by_limits"
        case notRegistered = "not_registered"
        case answerNotAcknowledged = "answer_not_acknowledged"
        case sessionLost = "session_lost"
        case callerGaveUp = "caller_gave_up"
        case rangUnanswered = "rang_unanswered"
        case notAnswered = "not_answered"
        case earlyMediaOnly = "early_media_only"
        case stillHeld = "still_held"
        case digitalSilence = "digital_silence"
        case muted
        case listensOnly = "listens_only"
        case fellSilent = "fell_silent"
        case privateAddress = "private_address"
        case soundBothWays = "sound_both_ways"
        case nothingFound = "nothing_found"
    }

    package let code: Code
    package let severity: Severity
    /// The leg it is about; nil for the whole call.
    package let leg: Int?
    package let text: String
    /// What to do; empty when there is nothing to be done.
    package let advice: String

    package init(_ code: Code, _ severity: Severity, leg: Int? = nil, _ text: String, advice: String = "") {
        (self.code, self.severity, self.leg) = (code, severity, leg)
        (self.text, self.advice) = (text, advice)
    }
}
