internal import COpenSSL
package import Wire

/// Passwords at rest: scrypt (RFC 7914), written as `$scrypt$ln=14,r=8,p=5$salt$hash` (base64 without padding).
///
/// Making and checking one takes long on purpose, so neither is done on the control loop.
package enum PasswordHash {
    /// How hard guessing shall be; the numbers are scrypt's log2(N), r and p.
    package struct Cost: Hashable, Sendable {
        fileprivate let logN: UInt64
        fileprivate let blockSize: UInt64
        fileprivate let parallelism: UInt64

        /// For what people choose: about 0.2 s and 16 MiB.
        package static let chosen = Cost(logN: 14, blockSize: 8, parallelism: 5)
        /// For what a machine made with 64 random bits or more, which nobody guesses anyway.
        package static let generated = Cost(logN: 10, blockSize: 8, parallelism: 1)

        /// What a stored hash may ask of us at most.
        fileprivate var isReasonable: Bool {
            (1...17).contains(logN) && (1...16).contains(blockSize) && (1...16).contains(parallelism)
        }
    }

    private static let saltLength = 16
    private static let hashLength = 32
    private static let memoryLimit: UInt64 = 256 << 20

    package static func make(_ password: String, cost: Cost = .chosen, using entropy: inout Entropy) -> String {
        let salt = entropy.bytes(saltLength)
        let hash = derive(password, salt, cost, length: hashLength)
        precondition(hash != nil, "scrypt with constant parameters fails only when OpenSSL is built without it")
        let parameters = "ln=\(cost.logN),r=\(cost.blockSize),p=\(cost.parallelism)"
        return "$scrypt$\(parameters)$\(unpadded(salt))$\(unpadded(hash ?? []))"
    }

    /// Whether `password` is the one `stored` was made from; false for a text that is no hash of ours.
    package static func verify(_ password: String, against stored: String) -> Bool {
        let fields = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 5, fields[0].isEmpty, fields[1] == "scrypt", let cost = Cost(fields[2]),
            let salt = Base64.decode(String(fields[3])), let expected = Base64.decode(String(fields[4])),
            expected.count == hashLength, let hash = derive(password, salt, cost, length: hashLength)
        else { return false }
        return equalInConstantTime(hash, expected)
    }

    private static func derive(_ password: String, _ salt: [UInt8], _ cost: Cost, length: Int) -> [UInt8]? {
        guard cost.isReasonable else { return nil }
        var hash = [UInt8](repeating: 0, count: length)
        let done = EVP_PBE_scrypt(
            password, password.utf8.count, salt, salt.count, 1 << cost.logN, cost.blockSize, cost.parallelism,
            memoryLimit, &hash, length)
        return done == 1 ? hash : nil
    }

    private static func unpadded(_ bytes: [UInt8]) -> String {
        String(Base64.encode(bytes).prefix { $0 != "=" })
    }
}

extension PasswordHash.Cost {
    /// Reads `ln=14,r=8,p=5`.
    fileprivate init?(_ text: Substring) {
        let names = ["ln=", "r=", "p="]
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == names.count, zip(parts, names).allSatisfy({ $0.hasPrefix($1) }) else { return nil }
        let values = zip(parts, names).compactMap { part, name in
            ASCII.decimal(part.utf8.dropFirst(name.utf8.count), maximumDigits: 4)
        }
        guard values.count == 3 else { return nil }
        self.init(logN: values[0], blockSize: values[1], parallelism: values[2])
    }
}
