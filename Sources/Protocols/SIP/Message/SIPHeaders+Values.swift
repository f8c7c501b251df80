/// Numbers, tokens and small structures, read when asked for. A malformed one reads as nil.
extension SIPHeaders {
    /// 0 … 255 (RFC 3261 20.22).
    package var maxForwards: UInt8? {
        get { number(.maxForwards).flatMap(UInt8.init(exactly:)) }
        set { self[.maxForwards] = newValue.map(String.init) }
    }

    /// Seconds.
    package var expires: UInt32? {
        get { number(.expires) }
        set { self[.expires] = newValue.map(String.init) }
    }

    /// Seconds, of a 423.
    package var minExpires: UInt32? {
        get { number(.minExpires) }
        set { self[.minExpires] = newValue.map(String.init) }
    }

    /// Seconds, of a 404, 413, 480, 486, 500, 503, 600 or 603; the comment and parameters are left out.
    package var retryAfter: UInt32? {
        get { read(.retryAfter) { DeltaSeconds.parse($0.prefix(while: \.isDigit)) } }
        set { self[.retryAfter] = newValue.map(String.init) }
    }

    package var contentType: MediaType? {
        get { read(.contentType) { MediaType($0) } }
        set { self[.contentType] = newValue?.description }
    }

    /// Whether Content-Type names a session description.
    var saysSDP: Bool {
        read(.contentType) { PackedWord($0, ignoringCase: true) == Self.sdp || MediaType($0)?.isSDP == true } ?? false
    }

    private static let sdp = PackedWord("application/sdp".utf8.span)

    /// The value of Content-Length; written by the serialiser, which counts for itself.
    package var contentLength: Int? {
        read(.contentLength) { DeltaSeconds.parse($0) }.map(Int.init)
    }

    /// Option tags the peer needs.
    package var require: [String] {
        get { list(.require) }
        set { set(.require, newValue) }
    }

    package var proxyRequire: [String] { list(.proxyRequire) }

    package var supported: [String] {
        get { list(.supported) }
        set { set(.supported, newValue) }
    }

    package var unsupported: [String] {
        get { list(.unsupported) }
        set { set(.unsupported, newValue) }
    }

    package var allow: [SIPMethod] {
        get { list(.allow).map(SIPMethod.init) }
        set { set(.allow, newValue.map(\.rawValue)) }
    }

    /// Whether Supported or Require names an option.
    package func offersOption(_ tag: String) -> Bool {
        (supported + require).contains { equalIgnoringCase($0, tag) }
    }

    /// Writes a comma-separated header; an empty list removes it.
    package mutating func set(_ name: SIPHeaderName, _ values: [String]) {
        self[name] = values.isEmpty ? nil : values.joined(separator: ", ")
    }

    package var reasons: [SIPReason] {
        values(of: .reason) { SIPReason.parseList($0.bytes, limit: SIPLimits.listValues) ?? [] }
    }

    /// The first Reason; setting puts one in place of all.
    package var reason: SIPReason? {
        get { reasons.first }
        set { self[.reason] = newValue?.description }
    }

    package var sessionExpires: SessionExpires? {
        get { read(.sessionExpires) { SessionExpires($0) } }
        set { self[.sessionExpires] = newValue?.description }
    }

    /// Seconds (RFC 4028 5).
    package var minSE: UInt32? {
        get { read(.minSE) { DeltaSeconds.parse($0.prefix(while: \.isDigit)) } }
        set { self[.minSE] = newValue.map(String.init) }
    }

    private func number(_ name: SIPHeaderName) -> UInt32? { read(name) { DeltaSeconds.parse($0) } }
}
