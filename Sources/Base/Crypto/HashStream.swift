internal import COpenSSL

/// A digest of what comes in pieces, such as a file.
package final class HashStream {
    private let context: OpaquePointer?

    package init(_ hash: Hash) {
        context = EVP_MD_CTX_new()
        let done = EVP_DigestInit_ex(context, hash.algorithm, nil)
        precondition(done == 1, "a digest begins unless OpenSSL is built without it")
    }

    deinit { EVP_MD_CTX_free(context) }

    package func add(_ bytes: UnsafeRawBufferPointer) { EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

    /// The digest; nothing may be added afterwards.
    package func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        EVP_DigestFinal_ex(context, &digest, &length)
        return [UInt8](digest.prefix(Int(length)))
    }
}
