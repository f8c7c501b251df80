/// What an HTTP client is to ask a server.
package struct HTTPClientRequest: Sendable {
    /// Anything but CONNECT, whose answer is of another shape.
    package var method = HTTPMethod.get
    package let url: HTTPURL
    package var fields = HTTPFields()
    package var body: [UInt8] = []
    /// The file that is the body, instead.
    package var file: HTTPFile?
    /// The file that the answer's body is written to, as it comes; the response has none then.
    package var destination: String?
    /// From the look-up of the name to the last byte, redirections included.
    package var timeout = Duration.seconds(15)
    /// Bytes of the body that are taken; more of them end the request.
    package var longestBody = 1 << 20
    /// Whether the answer stands with what was taken of a longer body: for whoever asks for its status.
    package var cutsBody = false
    /// Redirections of a GET that are followed; never from TLS to none.
    package var redirections = 3
    /// HTTP/2 from the first byte, without asking: for gRPC.
    package var speaksHTTP2 = false
    /// Fields of the answer that are wanted, be they before its body or after (trailers).
    package var wantedFields: [String] = []

    package init(_ url: HTTPURL) { self.url = url }
}

/// What a server answered.
package struct HTTPClientResponse: Sendable, Equatable {
    /// 100 to 599, in practice; whatever the server says.
    package let status: Int
    package let body: [UInt8]
    package var contentType: String?
    /// Whither a redirection leads that was not followed, absolute.
    package var location: String?
    /// Those of the wanted ones that came.
    package var fields = HTTPFields()

    package init(status: Int, body: [UInt8]) { (self.status, self.body) = (status, body) }
}

/// A file that is sent as it is; it must not become shorter meanwhile.
package struct HTTPFile: Sendable, Equatable {
    package let path: String
    package let size: Int64

    package init(path: String, size: Int64) { (self.path, self.size) = (path, size) }
}

/// Why there is no answer, or not the one that was wanted.
package enum HTTPClientError: Error, Hashable, Sendable {
    /// The host is none of those that may be spoken to.
    case hostRefused
    /// The host has only addresses of this machine or its own network, and was not named for that.
    case addressRefused
    case hostNotFound
    case unreachable
    case timedOut
    /// TLS could not be agreed on, or the certificate is not good for the name; in OpenSSL's words.
    case tls(String)
    /// The answer is longer than so many bytes.
    case tooLong(Int)
    /// It leads on and on, to another scheme, or out of TLS.
    case badRedirection
    /// Another status than 200.
    case status(Int)
    /// As many requests wait already as may.
    case overloaded
    /// The program is stopping.
    case stopped
    /// Anything else, in libcurl's words.
    case failed(String)
}
