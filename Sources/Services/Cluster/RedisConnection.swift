import CHiredis
import Glibc
import Wire

/// Why Redis cannot be spoken to, in its words or hiredis'.
struct RedisFailure: Error, Sendable {
    let words: String
}

/// What Redis answers, as far as we read it.
enum RedisReply: Sendable, Equatable {
    case null
    case integer(Int64)
    case text([UInt8])
    case error(String)
    case list([RedisReply])
}

/// Owns a connection to Redis.
///
/// Not private: a release build for tests cannot link a private noncopyable type.
struct RedisHandle: ~Copyable {
    let context: UnsafeMutablePointer<redisContext>

    deinit { redisFree(context) }
}

/// One connection to Redis, used by one thread at a time; it blocks for two seconds at most.
final class RedisConnection {
    private static let patience = timeval(tv_sec: 2, tv_usec: 0)
    private let handle: RedisHandle

    init(_ address: RedisAddress) throws(RedisFailure) {
        guard let context = redisConnectWithTimeout(address.host, Int32(address.port), Self.patience) else {
            throw RedisFailure(words: "out of memory")
        }
        handle = RedisHandle(context: context)
        guard context.pointee.err == 0 else { throw failure }
        redisSetTimeout(context, Self.patience)
        if let password = address.password {
            try demand(["AUTH"] + (address.user.map { [$0] } ?? []) + [password])
        }
        if address.database != 0 { try demand(["SELECT", String(address.database)]) }
    }

    /// Runs commands together and answers their replies; an answer that is an error is one of them.
    func run(_ commands: [[String]]) throws(RedisFailure) -> [RedisReply] {
        for command in commands { try append(command) }
        var replies: [RedisReply] = []
        for _ in commands {
            var reply: UnsafeMutableRawPointer?
            guard redisGetReply(handle.context, &reply) == REDIS_OK else { throw failure }
            replies.append(Self.take(reply))
        }
        return replies
    }

    /// Runs a command whose refusal ends the connection.
    @discardableResult
    func demand(_ command: [String]) throws(RedisFailure) -> RedisReply {
        let reply = try run([command])[0]
        if case .error(let words) = reply { throw RedisFailure(words: words) }
        return reply
    }

    /// Sends a command without waiting for its reply, which comes among the messages.
    func send(_ command: [String]) throws(RedisFailure) {
        try append(command)
        var done: Int32 = 0
        while done == 0 {
            guard redisBufferWrite(handle.context, &done) == REDIS_OK else { throw failure }
        }
    }

    /// What has come within so many milliseconds; empty when nothing has.
    func messages(within milliseconds: Int32) throws(RedisFailure) -> [RedisReply] {
        let ready = tandem_redis_wait(handle.context, milliseconds)
        guard ready != 0 else { return [] }
        guard ready > 0, redisBufferRead(handle.context) == REDIS_OK else { throw failure }
        var messages: [RedisReply] = []
        while true {
            var reply: UnsafeMutableRawPointer?
            guard redisGetReplyFromReader(handle.context, &reply) == REDIS_OK else { throw failure }
            guard reply != nil else { return messages }
            messages.append(Self.take(reply))
        }
    }

    private func append(_ command: [String]) throws(RedisFailure) {
        let (words, context) = (RedisWords(command), handle.context)
        let status = words.withPointers { pointers in
            var pointers = pointers
            return redisAppendCommandArgv(context, Int32(pointers.count), &pointers, words.lengths)
        }
        guard status == REDIS_OK else { throw failure }
    }

    private static func take(_ pointer: UnsafeMutableRawPointer?) -> RedisReply {
        guard let pointer else { return .null }
        defer { freeReplyObject(pointer) }
        return read(pointer.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private static func read(_ reply: redisReply) -> RedisReply {
        let text = UnsafeRawBufferPointer(start: reply.str, count: reply.str == nil ? 0 : reply.len)
        switch reply.type {
        case REDIS_REPLY_INTEGER: return .integer(reply.integer)
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: return .text(Array(text))
        case REDIS_REPLY_ERROR: return .error(String(decoding: text, as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            let elements = UnsafeBufferPointer(start: reply.element, count: reply.elements)
            return .list(elements.map { $0.map { read($0.pointee) } ?? .null })
        default: return .null
        }
    }

    private var failure: RedisFailure {
        let text = withUnsafeBytes(of: handle.context.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisFailure(words: text.isEmpty ? "not reachable" : text)
    }
}
