import Testing
import Wire

@testable import Crypto

/// The examples that Amazon publishes for S3 ("Signature Calculations for the Authorization Header", "Authenticating
/// Requests: Using Query Parameters").
struct SigV4Tests {
    private let signer = SigV4(
        accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region: "us-east-1")
    /// 24 May 2013, 00:00 in UTC.
    private let moment = WallTime(milliseconds: 1_369_353_600_000)

    private func signature(_ request: SigV4.Request) -> String? {
        signer.fields(for: request, at: moment).first { $0.name == "Authorization" }?.value
            .split(separator: "=").last.map(String.init)
    }

    @Test func `getting a part of an object`() {
        var request = SigV4.Request(method: "GET", host: "examplebucket.s3.amazonaws.com", path: "/test.txt")
        request.fields = [("Range", "bytes=0-9")]
        #expect(signature(request) == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        let fields = signer.fields(for: request, at: moment)
        #expect(fields.contains { $0 == ("x-amz-date", "20130524T000000Z") })
        #expect(
            fields.last?.value.hasPrefix(
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                    + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,") == true)
    }

    @Test func `putting an object whose name must be escaped`() {
        var request = SigV4.Request(method: "PUT", host: "examplebucket.s3.amazonaws.com", path: "/test$file.text")
        request.fields = [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")]
        request.bodyHash = Hex.encode(Hash.sha256("Welcome to Amazon S3."))
        #expect(request.target == "/test%24file.text")
        #expect(signature(request) == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
    }

    @Test func `a link that anybody may use for a day`() {
        let request = SigV4.Request(method: "GET", host: "examplebucket.s3.amazonaws.com", path: "/test.txt")
        #expect(
            signer.query(for: request, at: moment, expiresIn: 86_400)
                == "X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    }

    @Test(arguments: [0, 1, 63, 64, 65, 1000]) func `a digest in pieces is that of the whole`(size: Int) {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let stream = HashStream(.sha256)
        for start in stride(from: 0, to: size, by: 7) {
            bytes[start..<min(start + 7, size)].withUnsafeBytes { stream.add($0) }
        }
        #expect(stream.finish() == Hash.sha256(bytes))
    }
}
