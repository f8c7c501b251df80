// Modules: Wire
import Wire

/// Any bytes as a frame of `/ws` or the body of a request: what is read is written so that it reads the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    guard let value = try? JSONValue(parsing: bytes) else { return 0 }
    guard let again = try? JSONValue(parsing: value.encoded()) else { preconditionFailure("JSON of ours is none") }
    precondition(again.encoded() == value.encoded(), "a value changes when written")
    return 0
}
