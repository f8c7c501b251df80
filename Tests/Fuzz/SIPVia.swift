// Modules: Wire Crypto DNS SIP
import SIP
import Wire

/// Any text as one hop of a Via: what is read is written so that it reads the same, also with what a server adds to it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSIPVia(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
    guard let read = Via(text) else { return 0 }
    // Control characters of quoted strings become spaces when they are written, once.
    let written = read.description
    guard var via = Via(written), via.description == written else { preconditionFailure("a Via changes when written") }
    _ = (via.uniqueBranch, via.received, via.wantsResponsePort, via.maddr, via.effectivePort, via.sentBy)
    let source = SocketAddress(ip: .loopbackIPv4, port: 5070)
    (via.received, via.rport) = (source.ip.description, source.port)
    // What a server adds is not counted by it, but would be by the next that reads.
    guard via.parameters.count <= SIPLimits.parameters else { return 0 }
    let again = Via(via.description)
    precondition(again?.received == "127.0.0.1" && again?.rport == 5070, "what a server adds is lost")
    precondition(again?.branch == via.branch && again?.sentBy == via.sentBy, "what a server adds changes the rest")
    return 0
}
