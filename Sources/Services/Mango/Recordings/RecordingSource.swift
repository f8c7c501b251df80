import CallModel
import Directory
package import Web
import Wire

/// Why a recording is not stored yet.
enum RecordingFailure: Error, CustomStringConvertible {
    /// The exchange or the server of the recording.
    case source(HTTPClientError)
    case refused(status: Int)
    /// The exchange's own code.
    case result(Int)
    case notAudio(String)
    case badAddress
    /// Nothing can be asked without key and salt.
    case noKeys
    case unreadable
    case objectStore(HTTPClientError)
    case store

    var description: String {
        switch self {
        case .source(let error): "source: \(error)"
        case .refused(let status): "source: status \(status)"
        case .result(let code): "exchange: result \(code)"
        case .notAudio(let type): "source: \(type) is no audio"
        case .badAddress: "source: no usable address"
        case .noKeys: "MANGO_OFFICE_API_KEY and MANGO_OFFICE_API_SALT are not set"
        case .unreadable: "the file cannot be read"
        case .objectStore(let error): "object store: \(error)"
        case .store: "the store does not answer"
        }
    }
}

/// Where recordings come from: the exchange, which leads on to a place that can be visited once; or a plain address.
package struct RecordingSource: Sendable {
    private let client: HTTPClient
    private let settings: MangoSettings

    private static let timeout = Duration.seconds(60)
    /// An hour of good audio has some 60 MB.
    private static let longest = 512 << 20

    package init(client: HTTPClient, settings: MangoSettings) { (self.client, self.settings) = (client, settings) }

    /// Fetches the recording into a file; answers what it is: `audio/mpeg` or `audio/wav`.
    func fetch(_ recording: MangoRecording, into path: String) async throws(RecordingFailure) -> String {
        let place: String
        if let url = recording.sourceURL {
            place = url
        } else {
            place = try await self.place(of: recording.recordingID)
        }
        guard let url = HTTPURL(place) else { throw .badAddress }
        var request = HTTPClientRequest(url)
        (request.timeout, request.longestBody, request.destination) = (Self.timeout, Self.longest, path)
        let answer = try await perform(request)
        guard answer.status == 200 else { throw .refused(status: answer.status) }
        return try Self.audioType(answer.contentType)
    }

    /// The place is good for one visit and never kept.
    private func place(of id: String) async throws(RecordingFailure) -> String {
        guard let keys = settings.keys else { throw .noKeys }
        guard let url = HTTPURL("\(settings.apiURL)/queries/recording/post") else { throw .badAddress }
        let order: JSONValue = ["recording_id": .string(id), "action": "download"]
        var request = HTTPClientRequest(url)
        (request.method, request.timeout) = (.post, Self.timeout)
        request.fields.add("Content-Type", "application/x-www-form-urlencoded")
        request.body = keys.form(order.text)
        let answer = try await perform(request)
        if let location = answer.location { return try Self.checked(location, from: url) }
        if let result = (try? JSONValue(parsing: answer.body))?["result"]?.integerValue { throw .result(Int(result)) }
        throw .refused(status: answer.status)
    }

    /// What came over TLS must not lead out of it.
    private static func checked(_ location: String, from url: HTTPURL) throws(RecordingFailure) -> String {
        guard let place = HTTPURL(location), place.isSecure || !url.isSecure else { throw .badAddress }
        return location
    }

    private func perform(_ request: HTTPClientRequest) async throws(RecordingFailure) -> HTTPClientResponse {
        do throws(HTTPClientError) {
            return try await client.perform(request)
        } catch {
            throw .source(error)
        }
    }

    private static func audioType(_ field: String?) throws(RecordingFailure) -> String {
        let type = (field ?? "").prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        switch type {
        case "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave": return "audio/wav"
        case "audio/mpeg", "audio/mp3", "application/octet-stream", "": return "audio/mpeg"
        default: throw .notAudio(String(type.prefix(64)))
        }
    }
}

extension MangoKeys {
    /// A signed request as the exchange takes it.
    func form(_ json: String) -> [UInt8] {
        let fields = [("vpbx_api_key", key), ("sign", sign(json)), ("json", json)]
        return Array(fields.map { "\($0.0)=\(PercentEscapes.encode($0.1))" }.joined(separator: "&").utf8)
    }
}
