// Modules: Wire DNS
import DNS

/// Any bytes as a name server's response: reading them ends, within the limits, and an answer has records or a reason.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDNS(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    guard let message = try? DNSMessage(bytes) else { return 0 }
    precondition(message.answers.count <= DNSMessage.maximumAnswers, "more records than allowed")
    for kind in DNSRecordKind.allCases {
        let answer = message.answer(to: kind)
        precondition(answer.records.isEmpty == (answer.failure != nil), "neither records nor a reason")
        precondition(
            DNSAnswer.lifetimes.contains(answer.lifetime) || answer.failure != nil, "a lifetime out of bounds")
    }
    return 0
}
