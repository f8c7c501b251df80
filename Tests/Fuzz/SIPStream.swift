// Modules: Wire Crypto DNS SIP
// Seeds: Tests/SIPTests/Resources/rfc4475 Tests/SIPTests/Resources/rfc5118
import SIP

/// A byte that says how to cut, then the bytes of a connection: however they arrive, the same comes out.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSIPStream(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: data, count: size))
    guard let first = input.first else { return 0 }
    let stream = Array(input.dropFirst())
    let role: StreamFramer.Role = first & 1 == 0 ? .accepted : .opened
    let pieceSize = Int(first >> 1) + 1
    let pieces = stride(from: 0, to: stream.count, by: pieceSize).map { Array(stream[$0...].prefix(pieceSize)) }
    precondition(
        elements(of: [stream], role) == elements(of: pieces, role), "the cuts of the stream change what it says")
    return 0
}

private func elements(of pieces: [[UInt8]], _ role: StreamFramer.Role) -> [StreamFramer.Element] {
    var framer = StreamFramer(role: role)
    var elements: [StreamFramer.Element] = []
    do throws(SIPParseError) {
        for piece in pieces {
            framer.receive(piece)
            while let element = try framer.next() { elements.append(element) }
        }
    } catch {
        _ = error.response(toTag: "t")
    }
    return elements
}
