import Testing

@testable import SIP

@Suite struct RequestValidatorTests {
    private let validator = SIPRequestValidator(
        allowedMethods: [.options, .invite, .cancel], extensions: ["timer"], bodies: [.options: [.sdp]])

    private func rejection(
        _ more: String = "", body: String = "", method: SIPMethod = .options,
        _ circumstances: SIPRequestValidator.Circumstances = SIPRequestValidator.Circumstances()
    ) throws -> SIPRejection? {
        var request = try Samples.request(more, body: body)
        request.method = method
        return validator.rejection(of: request, circumstances)
    }

    @Test func `what the server serves passes`() throws {
        #expect(try rejection() == nil)
        #expect(try rejection("Require: TIMER") == nil)
        #expect(try rejection("Content-Type: Application/SDP;x=y", body: "v=0") == nil)
        #expect(try rejection("Content-Type: text/plain") == nil)
        #expect(try rejection("Content-Type: text/plain\nContent-Disposition: x;handling=optional", body: "a") == nil)
        #expect(try rejection("Content-Encoding: identity\nContent-Type: application/sdp", body: "a") == nil)
        #expect(try rejection("Accept: text/plain, application/*;q=0.1", method: .invite) == nil)
        #expect(try rejection("Require: x", method: .cancel) == nil)
        #expect(try rejection("Max-Forwards: 0") == nil)
    }

    @Test func `what it does not is answered as the RFC says`() throws {
        let known = try #require(try rejection(method: .publish))
        #expect(known.status == 405)
        #expect(known.header?.value == "OPTIONS, INVITE, CANCEL")
        #expect(try rejection(method: .other("NEW"))?.status == 501)
        let needy = try #require(try rejection("Require: timer, a\nRequire: b"))
        #expect(needy.status == 420)
        #expect(needy.response(to: try Samples.request(), toTag: "t").headers.unsupported == ["a", "b"])
        #expect(try rejection("Content-Type: text/plain", body: "a")?.status == 415)
        #expect(try rejection(body: "a")?.status == 415)
        let packed = try #require(try rejection("Content-Encoding: gzip\nContent-Type: application/sdp", body: "a"))
        #expect(packed.header?.name == .acceptEncoding)
        #expect(try rejection("Accept: text/plain", method: .invite)?.status == 406)
        #expect(try rejection("Accept:", method: .invite)?.status == 406)
    }

    @Test func `merged, looped and exhausted requests are refused`() throws {
        typealias Circumstances = SIPRequestValidator.Circumstances
        #expect(try rejection("", Circumstances(isMerged: true))?.status == 482)
        #expect(try rejection("", Circumstances(isLooped: true))?.status == 482)
        #expect(try rejection("Max-Forwards: 0", Circumstances(isForwarded: true))?.status == 483)
        #expect(try rejection("Max-Forwards: 1", Circumstances(isForwarded: true)) == nil)
        var inDialog = try Samples.request()
        inDialog.headers.to?.tag = "t"
        #expect(validator.rejection(of: inDialog, Circumstances(isMerged: true)) == nil)
    }
}
