internal import COpenSSL
internal import Wire

/// An OpenSSL private key, freed with this value.
struct KeyHandle: ~Copyable {
    let pointer: OpaquePointer

    init?(owning pointer: OpaquePointer?) {
        guard let pointer else { return nil }
        self.pointer = pointer
    }

    /// Reads PEM; an encrypted one is refused instead of asking for its passphrase on the terminal.
    init?(pem: String) {
        let key = withMemoryBIO(pem) { PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil) }
        self.init(owning: key)
    }

    static func generateP256() -> KeyHandle? { KeyHandle(owning: tandem_generate_p256()) }

    /// PKCS #8.
    func der() -> [UInt8]? {
        guard let info = EVP_PKEY2PKCS8(pointer) else { return nil }
        defer { PKCS8_PRIV_KEY_INFO_free(info) }
        return derBytes { i2d_PKCS8_PRIV_KEY_INFO(info, $0) }
    }

    deinit { EVP_PKEY_free(pointer) }
}

/// An OpenSSL certificate, freed with this value.
struct X509Handle: ~Copyable {
    let pointer: OpaquePointer

    private init?(owning pointer: OpaquePointer?) {
        guard let pointer else { return nil }
        self.pointer = pointer
    }

    init?(der: [UInt8]) {
        let certificate = der.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_X509(nil, &start, buffer.count)
        }
        self.init(owning: certificate)
    }

    init?(pem: String) {
        self.init(owning: withMemoryBIO(pem) { PEM_read_bio_X509($0, nil, { _, _, _, _ in -1 }, nil) })
    }

    static func empty() -> X509Handle? { X509Handle(owning: X509_new()) }

    func der() -> [UInt8]? { derBytes { i2d_X509(pointer, $0) } }

    func notAfter() -> WallTime? {
        var broken = tm()
        guard ASN1_TIME_to_tm(X509_get0_notAfter(pointer), &broken) == 1 else { return nil }
        let day = CivilDate(
            year: Int64(broken.tm_year) + 1900, month: Int64(broken.tm_mon) + 1, day: Int64(broken.tm_mday))
        let seconds = Int64(broken.tm_hour) * 3600 + Int64(broken.tm_min) * 60 + Int64(broken.tm_sec)
        return WallTime(milliseconds: (day.daysSinceEpoch * 86_400 + seconds) * 1000)
    }

    /// Version 3, a random serial number, subject = issuer, and the public key.
    func fill(commonName: String, key: borrowing KeyHandle) -> Bool {
        var serial = [UInt8](repeating: 0, count: 16)
        guard RAND_bytes(&serial, Int32(serial.count)) == 1 else { return false }
        serial[0] &= 0x7F  // a serial number is positive
        guard let number = BN_bin2bn(serial, Int32(serial.count), nil) else { return false }
        defer { BN_free(number) }
        let name = X509_get_subject_name(pointer)
        let text = Array(commonName.utf8.prefix(64))
        return X509_set_version(pointer, 2) == 1
            && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(pointer)) != nil
            && X509_NAME_add_entry_by_txt(name, "CN", tandem_utf8_string(), text, Int32(text.count), -1, 0) == 1
            && X509_set_issuer_name(pointer, name) == 1
            && X509_set_pubkey(pointer, key.pointer) == 1
    }

    func setValidity(now: WallTime, days: Int) -> Bool {
        let seconds = Int(now.seconds)
        return ASN1_TIME_set(X509_getm_notBefore(pointer), seconds - 86_400) != nil
            && ASN1_TIME_set(X509_getm_notAfter(pointer), seconds + days * 86_400) != nil
    }

    func addExtensions(_ names: [Certificate.AlternativeName]) -> Bool {
        guard add(NID_basic_constraints, "critical,CA:FALSE"), add(NID_key_usage, "critical,digitalSignature"),
            add(NID_ext_key_usage, "serverAuth,clientAuth")
        else { return false }
        let list = names.compactMap(\.openSSLText)
        return list.isEmpty || add(NID_subject_alt_name, list.joined(separator: ","))
    }

    private func add(_ identifier: Int32, _ value: String) -> Bool {
        guard let created = X509V3_EXT_conf_nid(nil, nil, identifier, value) else { return false }
        defer { X509_EXTENSION_free(created) }
        return X509_add_ext(pointer, created, -1) == 1
    }

    deinit { X509_free(pointer) }
}

extension Certificate.AlternativeName {
    /// OpenSSL's form; nil for a name with characters that would start another entry of its list.
    fileprivate var openSSLText: String? {
        switch self {
        case .address(let ip): "IP:\(ip)"
        case .host(let name):
            !name.isEmpty && name.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "-._*".utf8.contains($0) }
                ? "DNS:\(name)" : nil
        case .uri(let uri):
            !uri.isEmpty && uri.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "-._*:@".utf8.contains($0) }
                ? "URI:\(uri)" : nil
        }
    }
}

private func withMemoryBIO(_ text: String, _ read: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
    let bytes = Array(text.utf8)
    guard let size = Int32(exactly: bytes.count) else { return nil }
    return bytes.withUnsafeBytes { buffer in
        guard let bio = BIO_new_mem_buf(buffer.baseAddress, size) else { return nil }
        defer { BIO_free(bio) }
        let result = read(bio)
        ERR_clear_error()
        return result
    }
}

/// Runs an `i2d` function twice: for the size, then for the bytes.
private func derBytes(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8]? {
    let size = Int(encode(nil))
    guard size > 0 else { return nil }
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        var position = buffer.baseAddress
        count = Int(max(0, encode(&position)))
    }
}
