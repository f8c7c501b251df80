/// Every bound on what a SIP peer may send, with the answer to a request that passes it.
package enum SIPLimits {
    /// Bytes of a whole message, the largest UDP payload; more is answered 513.
    package static let messageBytes = 65_535
    /// Bytes of a body; more is answered 413.
    package static let bodyBytes = 49_152
    /// Bytes of start line and headers together; more is answered 513.
    package static let headBytes = 32_768
    /// Bytes of one header with its folded lines, or of the start line; more is answered 400 (414 for the start line).
    package static let lineBytes = 8_192
    /// Header fields, counted as lines; more is answered 400.
    package static let headerFields = 128
    /// Values in all Via fields, one for each hop of the highest useful Max-Forwards; more is answered 400.
    package static let vias = 70
    /// Values in one list header (Contact, Route, Record-Route …); more is answered 400.
    package static let listValues = 64
    /// Parameters of one URI or header value; more is answered 400.
    package static let parameters = 64
    /// Bytes looked at of the status line in a NOTIFY's body.
    package static let statusLineBytes = 64
    /// Contacts of a 3xx that are looked at.
    package static let redirections = 8
    /// Parameters of one Digest challenge or credentials.
    package static let digestParameters = 32
    /// Blank lines skipped in front of a message in one datagram; more is answered 400.
    package static let leadingLineBreaks = 16
}
