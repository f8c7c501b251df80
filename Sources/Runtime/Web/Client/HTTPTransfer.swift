import CCurl
import Glibc
import Wire

/// One request and its answer, as libcurl carries them; belongs to the transfers' thread.
final class HTTPTransfer {
    /// A request to one server, which has been looked up.
    struct Order: Sendable {
        let request: HTTPClientRequest
        let url: HTTPURL
        /// Those of the server that may be connected to.
        let addresses: [IPAddress]
        /// How long it may take from now on.
        let timeout: Duration

        init(_ request: HTTPClientRequest, _ url: HTTPURL, _ addresses: [IPAddress], _ timeout: Duration) {
            (self.request, self.url, self.addresses, self.timeout) = (request, url, addresses, timeout)
        }
    }

    struct Answer: Sendable {
        let response: HTTPClientResponse
        /// Whither the answer leads on.
        let redirection: String?
    }

    let handle: UnsafeMutableRawPointer
    private let order: Order
    private var body: [UInt8] = []
    private var isTooLong = false
    /// The file that is sent, and the one that is written; `nil` where there is none.
    private var source: TransferFile?
    private var destination: TransferFile?
    private var received = 0
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    /// What went wrong, in words.
    private let words = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// Nil when libcurl has no memory.
    init?(_ order: Order, _ settings: HTTPClient.Settings) {
        guard let handle = curl_easy_init() else {
            words.deallocate()
            return nil
        }
        (self.handle, self.order) = (handle, order)
        words[0] = 0
        source = order.request.file.map { TransferFile(reading: $0.path) }
        destination = order.request.destination.map { TransferFile(writing: $0) }
        setLimits()
        setTrust(settings.authorities)
        setRequest()
        let owner = Unmanaged.passUnretained(self).toOpaque()
        _ = tandem_curl_set_taker(handle, Self.take, owner)
        _ = tandem_curl_set_opener(handle, Self.openSocket, owner)
        _ = tandem_curl_set_data(handle, CURLOPT_ERRORBUFFER, words)
    }

    deinit {
        curl_easy_cleanup(handle)
        for list in lists { curl_slist_free_all(list) }
        words.deallocate()
    }

    /// What has become of it.
    func outcome(_ code: CURLcode) -> HTTPTransfers.Outcome {
        let isCut = isTooLong && order.request.cutsBody
        guard code == CURLE_OK || isCut else { return .failure(failure(code)) }
        let redirection = tandem_curl_redirection(handle).map { String(cString: $0) }
        var response = HTTPClientResponse(status: tandem_curl_status(handle), body: body)
        response.contentType = tandem_curl_content_type(handle).map { String(cString: $0) }
        response.location = redirection
        for name in order.request.wantedFields {
            if let value = field(name) { response.fields.add(name, value) }
        }
        return .success(Answer(response: response, redirection: redirection))
    }

    /// A field of the answer, or one that came after its body.
    private func field(_ name: String) -> String? {
        for origin in [CURLH_TRAILER, CURLH_HEADER] {
            var found: UnsafeMutablePointer<curl_header>?
            guard curl_easy_header(handle, name, 0, UInt32(origin), -1, &found) == CURLHE_OK else { continue }
            if let value = found?.pointee.value { return String(cString: value) }
        }
        return nil
    }

    private func failure(_ code: CURLcode) -> HTTPClientError {
        if isTooLong { return .tooLong(order.request.longestBody) }
        if source?.hasFailed == true || destination?.hasFailed == true {
            return .failed("a file of ours cannot be used")
        }
        let text = words[0] == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: words)
        switch code {
        case CURLE_OPERATION_TIMEDOUT: return .timedOut
        case CURLE_COULDNT_CONNECT: return .unreachable
        case CURLE_FILESIZE_EXCEEDED: return .tooLong(order.request.longestBody)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER:
            return .tls(text)
        default: return .failed(text)
        }
    }
}

// What libcurl is told.
extension HTTPTransfer {
    private func setLimits() {
        _ = tandem_curl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        _ = tandem_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        _ = tandem_curl_set_number(handle, CURLOPT_FOLLOWLOCATION, 0)
        // Those of the environment would connect for us, wherever they are told to.
        _ = tandem_curl_set_text(handle, CURLOPT_PROXY, "")
        _ = tandem_curl_set_number(
            handle, CURLOPT_TIMEOUT_MS, max(1, Int(order.timeout / .milliseconds(1))))
        guard !order.request.cutsBody else { return }
        _ = tandem_curl_set_size(handle, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(order.request.longestBody))
    }

    private func setTrust(_ authorities: String?) {
        _ = tandem_curl_set_number(handle, CURLOPT_SSL_VERIFYPEER, 1)
        _ = tandem_curl_set_number(handle, CURLOPT_SSL_VERIFYHOST, 2)
        _ = tandem_curl_set_number(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        guard let authorities else { return }
        _ = tandem_curl_set_text(handle, CURLOPT_CAINFO, authorities)
        _ = tandem_curl_set_text(handle, CURLOPT_CAPATH, nil)
    }

    private func setRequest() {
        let (url, request) = (order.url, order.request)
        _ = tandem_curl_set_text(handle, CURLOPT_URL, url.text)
        if url.address == nil {
            let addresses = order.addresses.map { SocketAddress(ip: $0, port: 0).hostText }.joined(separator: ",")
            // With a plus sign the entry is forgotten after a minute.
            set(CURLOPT_RESOLVE, ["+\(url.host):\(url.port):\(addresses)"])
        }
        // Nothing is asked before a body is sent.
        set(CURLOPT_HTTPHEADER, request.fields.fields.map { "\($0.name): \($0.value)" } + ["Expect:"])
        if request.speaksHTTP2 {
            let version = url.isSecure ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
            _ = tandem_curl_set_number(handle, CURLOPT_HTTP_VERSION, Int(version))
            // libcurl 7.88 fails on a connection that it speaks HTTP/2 on unasked and uses again (curl issue 10634).
            if !url.isSecure { _ = tandem_curl_set_number(handle, CURLOPT_FORBID_REUSE, 1) }
        }
        guard request.method != .get else { return }
        if request.method == .head {
            _ = tandem_curl_set_number(handle, CURLOPT_NOBODY, 1)
            return
        }
        if let file = request.file {
            _ = tandem_curl_set_number(handle, CURLOPT_UPLOAD, 1)
            _ = tandem_curl_set_size(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(file.size))
            _ = tandem_curl_set_giver(handle, Self.give, Unmanaged.passUnretained(self).toOpaque())
            _ = tandem_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
            return
        }
        _ = tandem_curl_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count))
        // Without an address libcurl would read the body from standard input.
        (request.body.isEmpty ? [0] : request.body).withUnsafeBytes { body in
            _ = tandem_curl_set_data(handle, CURLOPT_COPYPOSTFIELDS, body.baseAddress)
        }
        _ = tandem_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    }

    private func set(_ option: CURLoption, _ lines: [String]) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { list = curl_slist_append(list, line) }
        guard let list else { return }
        lists.append(list)
        _ = tandem_curl_set_list(handle, option, list)
    }
}

// What libcurl asks.
extension HTTPTransfer {
    /// Takes a piece of the body, or ends the transfer.
    private static let take: tandem_curl_taker = { bytes, size, count, owner in
        guard let bytes, let owner else { return 0 }
        let transfer = Unmanaged<HTTPTransfer>.fromOpaque(owner).takeUnretainedValue()
        let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
        transfer.received += piece.count
        guard transfer.received <= transfer.order.request.longestBody else {
            transfer.isTooLong = true
            return 0
        }
        if let destination = transfer.destination { return destination.write(piece) ? piece.count : 0 }
        transfer.body.append(contentsOf: piece)
        return piece.count
    }

    /// Gives a piece of the file that is sent, or ends the transfer.
    private static let give: tandem_curl_giver = { bytes, size, count, owner in
        guard let bytes, let owner else { return Int(CURL_READFUNC_ABORT) }
        let transfer = Unmanaged<HTTPTransfer>.fromOpaque(owner).takeUnretainedValue()
        let room = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
        return transfer.source?.read(into: room) ?? Int(CURL_READFUNC_ABORT)
    }

    /// Nowhere but to the addresses that were found good, however libcurl came by another.
    private static let openSocket: curl_opensocket_callback = { owner, _, address in
        guard let owner, let address else { return CURL_SOCKET_BAD }
        let transfer = Unmanaged<HTTPTransfer>.fromOpaque(owner).takeUnretainedValue()
        let place = MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0
        let end = (UnsafeRawPointer(address) + place).assumingMemoryBound(to: sockaddr.self)
        guard let remote = SocketAddress(end), transfer.order.addresses.contains(remote.ip) else {
            return CURL_SOCKET_BAD
        }
        let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(address.pointee.family, kind, address.pointee.protocol)
    }
}
