/// Serves files held in memory: the pages that ship with the program.
package struct StaticFiles: Sendable {
    package struct File: Sendable {
        /// The path it is served at: `/assets/app.js`.
        package let path: String
        package let contentType: String
        package let bytes: [UInt8]

        package init(path: String, contentType: String? = nil, bytes: [UInt8]) {
            self.path = path
            self.contentType = contentType ?? StaticFiles.contentType(ofPath: path)
            self.bytes = bytes
        }
    }

    /// What pages of ours may load: their own files, their own sockets, microphone streams, and nothing from elsewhere.
    package static let contentSecurityPolicy =
        "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; media-src 'self' blob: mediastream:; "
        + "style-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
        + "form-action 'self'"

    private let files: [File]

    package init(_ files: [File]) { self.files = files }

    /// Adds a route for each file; `aliases` maps further paths to them, such as `/` to `/index.html`.
    package func add(to router: inout Router, aliases: [String: String] = [:]) {
        for file in files {
            let answer = Self.handler(file)
            router.serve(.get, file.path, answer)
            for (alias, path) in aliases where path == file.path { router.serve(.get, alias, answer) }
        }
    }

    /// Answers with the file, or with 304 when the client has it (RFC 9110 §13.1.2).
    private static func handler(_ file: File) -> Handler {
        let tag = EntityTag(of: file.bytes, isWeak: false)
        var found = HTTPResponse(.ok, contentType: file.contentType, body: file.bytes)
        found.fields["ETag"] = tag.text
        // Each load asks whether its files are still the ones: a new release shows at once.
        found.fields["Cache-Control"] = "no-cache"
        if file.contentType.hasPrefix("text/html") {
            found.fields["Content-Security-Policy"] = contentSecurityPolicy
        }
        let whole = found
        return { request, _ in
            guard tag.isKnown(by: request) else { return whole }
            return HTTPResponse(.notModified).with("ETag", tag.text).with("Cache-Control", "no-cache")
        }
    }

    /// The media type that goes with a file name's ending.
    package static func contentType(ofPath path: String) -> String {
        guard let dot = path.lastIndex(of: ".") else { return "application/octet-stream" }
        return types[path[path.index(after: dot)...].lowercased()] ?? "application/octet-stream"
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8", "mjs": "text/javascript; charset=utf-8",
        "json": "application/json; charset=utf-8", "webmanifest": "application/manifest+json",
        "svg": "image/svg+xml", "png": "image/png", "ico": "image/x-icon", "woff2": "font/woff2",
        "txt": "text/plain; charset=utf-8", "wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg",
    ]
}
