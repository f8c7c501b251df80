/// Which request of a client something is done for (W3C Trace Context): whoever asks others for it tells them so.
package enum TraceContext {
    /// The `traceparent` of the request that this task serves; nil when it has none.
    @TaskLocal package static var parent: String?
    /// Whether what `parent` says of recording counts: it comes from this machine, by a proxy of ours, or is our own.
    @TaskLocal package static var isParentTrusted = true
    /// The span that this task works for; nil: nothing of it is recorded.
    @TaskLocal package static var scope: TraceScope?

    /// Whether a text is a `traceparent` that can be handed on: version, trace, parent and flags in lower case.
    package static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [2, 32, 16, 2], parts[0] != "ff" else { return false }
        let isHexadecimal = parts.allSatisfy { $0.utf8.allSatisfy(isDigit) }
        return isHexadecimal && [parts[1], parts[2]].allSatisfy { $0.utf8.contains { $0 != UInt8(ascii: "0") } }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
