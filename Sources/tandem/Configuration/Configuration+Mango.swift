import Mango
import Web
import Wire

extension Configuration {
    /// The Mango Office exchange, by the names of documents 000 and 001.
    mutating func readMango(_ reader: ConfigurationReader) throws(ConfigurationError) {
        mango.apiKey = reader.text("MANGO_OFFICE_API_KEY") ?? reader.text("MANGO_API_KEY")
        let salt = reader.text("MANGO_OFFICE_API_SALT") ?? reader.text("MANGO_API_SALT")
        if let key = mango.apiKey, let salt { mango.keys = MangoKeys(key: key, salt: salt) }
        mango.apiID = reader.text("MANGO_API_ID")
        mango.apiURL = try address("MANGO_API_URL", reader.value("MANGO_API_URL"))
        mango.webhookURL = reader.value("MANGO_WEBHOOK_URL")
        mango.requiresSignature = try reader.flag("MANGO_REQUIRE_SIGN")
        mango.allowedNetworks = try networks(reader, "MANGO_ALLOWED_IPS")
        let id = try reader.integer("DEFAULT_OPERATOR_ID", in: 0...Int(Int32.max))
        mango.defaultOperatorID = Int64(id)
        mango.recordingDelay = .seconds(try reader.integer("MANGO_RECORDING_DELAY_S", in: 0...3600))
        if mango.requiresSignature, mango.keys == nil {
            throw ConfigurationError(
                variable: "MANGO_REQUIRE_SIGN", problem: "without key and salt no signature can be checked",
                cure: "set MANGO_OFFICE_API_KEY and MANGO_OFFICE_API_SALT, or unset it")
        }
    }

    /// Where recordings are stored, and who is told of calls.
    mutating func readServices(_ reader: ConfigurationReader) throws(ConfigurationError) {
        realtime.url = try address("REALTIME_SERVICE_URL", reader.value("REALTIME_SERVICE_URL"))
        realtime.token = reader.text("WEBHOOK_TOKEN")
        if realtime.token == nil, reader.text("REALTIME_SERVICE_URL") != nil {
            warnings.append("without WEBHOOK_TOKEN the realtime service is not told of calls")
        }
        guard let bucket = reader.text("S3_BUCKET_NAME") else { return }
        var settings = ObjectStore.Settings(bucket: bucket)
        settings.region = reader.value("S3_REGION")
        if let endpoint = reader.text("S3_ENDPOINT") {
            settings.endpoint = HTTPURL(try address("S3_ENDPOINT", endpoint))
        }
        settings.accessKey = try required(reader, "S3_ACCESS_KEY_ID")
        settings.secretKey = try required(reader, "S3_SECRET_ACCESS_KEY")
        settings.prefix = reader.value("S3_RECORDINGS_PREFIX")
        objects = settings
    }

    private func required(_ reader: ConfigurationReader, _ name: String) throws(ConfigurationError) -> String {
        guard let text = reader.text(name) else {
            throw ConfigurationError(
                variable: name, problem: "it is not set, but S3_BUCKET_NAME is",
                cure: "set the key of the bucket, or unset S3_BUCKET_NAME")
        }
        return text
    }

    /// An address of a server, without the slash at its end.
    private func address(_ name: String, _ text: String) throws(ConfigurationError) -> String {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        guard HTTPURL(text) != nil else {
            throw ConfigurationError(
                variable: name, problem: "\"\(text)\" is no address of a web server",
                cure: "write one such as https://app.mango-office.ru/vpbx, or unset it")
        }
        return text
    }

    /// Addresses and networks, comma separated.
    private func networks(_ reader: ConfigurationReader, _ name: String) throws(ConfigurationError) -> [IPNetwork] {
        var networks: [IPNetwork] = []
        for entry in (reader.text(name) ?? "").split(separator: ",").map({ String($0).trimmed }) where !entry.isEmpty {
            guard let network = IPNetwork(entry) else {
                throw ConfigurationError(
                    variable: name, problem: "\"\(entry)\" is neither an IP address nor a network",
                    cure: "write addresses such as 81.88.80.132 or 81.88.82.0/24, comma separated, or unset it")
            }
            networks.append(network)
        }
        return networks
    }
}
