// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

/// One Swift target in its layer's folder; the arguments are the arrows of `Sources/README.md`.
func swift(_ layer: String, _ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    let memorySafety: [SwiftSetting] = name == "Wire" ? [.strictMemorySafety()] : []
    return .target(
        name: name, dependencies: dependencies, path: "Sources/\(layer)/\(name)",
        swiftSettings: strict + memorySafety)
}

/// A Debian C library, seen through its module map; one without `pkgConfig` is linked by the map itself.
func library(_ name: String, pkgConfig: String? = nil, package: String) -> Target {
    .systemLibrary(
        name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: strict)
}

let cLibraries: [Target] = [
    library("COpenSSL", pkgConfig: "openssl", package: "libssl-dev"),
    library("CSRTP", pkgConfig: "libsrtp2", package: "libsrtp2-dev"),
    library("CUV", pkgConfig: "libuv", package: "libuv1-dev"),
    library("CZlib", pkgConfig: "zlib", package: "zlib1g-dev"),
    library("CAres", pkgConfig: "libcares", package: "libc-ares-dev"),
    library("CSpanDSP", pkgConfig: "spandsp", package: "libspandsp-dev"),
    library("COpus", pkgConfig: "opus", package: "libopus-dev"),
    library("COpusEnc", pkgConfig: "libopusenc", package: "libopusenc-dev"),
    library("CSndFile", pkgConfig: "sndfile", package: "libsndfile1-dev"),
    library("CSpeexDSP", pkgConfig: "speexdsp", package: "libspeexdsp-dev"),
    library("CCurl", pkgConfig: "libcurl", package: "libcurl4-openssl-dev"),
    library("CHiredis", package: "libhiredis-dev"),
    library("CSQLite", pkgConfig: "sqlite3", package: "libsqlite3-dev"),
    library("CPostgres", pkgConfig: "libpq", package: "libpq-dev"),
    // Linked, it takes the place of the C library's allocator in the whole program: calls are made of small things that come
    // and go, for which it needs less time, since what was freed last is given out first, still in the processor's caches.
    library("CTCMalloc", pkgConfig: "libtcmalloc_minimal", package: "libgoogle-perftools-dev"),
    .target(name: "CLinux", path: "Sources/C/CLinux"),
    .target(
        name: "COTLP", path: "Sources/C/COTLP", exclude: ["otlp.proto"],
        linkerSettings: [.linkedLibrary("protobuf-c")]),
]

let base: [Target] = [
    swift("Base", "Wire"),
    swift("Base", "Telemetry", ["Wire"]),
    swift("Base", "Crypto", ["COpenSSL", "Wire"]),
]

let protocols: [Target] = [
    swift("Protocols", "DNS", ["Wire"]),
    swift("Protocols", "SIP", ["Wire", "Crypto", "DNS"]),
    swift("Protocols", "SDP", ["Wire", "Crypto"]),
    swift("Protocols", "ICE", ["Wire", "Crypto"]),
    swift("Protocols", "DTLS", ["Wire", "Crypto", "COpenSSL"]),
    swift("Protocols", "RTP", ["Wire", "Crypto", "COpenSSL", "CSRTP", "CLinux"]),
    swift("Protocols", "WebRTC", ["Wire", "Crypto", "ICE", "DTLS"]),
    swift("Protocols", "SocketIO", ["Wire", "Crypto"]),
]

let runtime: [Target] = [
    swift("Runtime", "Reactor", ["Wire", "Telemetry", "Crypto", "DNS", "CUV", "CAres", "COpenSSL", "CLinux"]),
    swift("Runtime", "Web", ["Wire", "Telemetry", "Crypto", "COpenSSL", "CCurl", "CZlib", "Reactor"]),
]

let calls: [Target] = [
    swift("Calls", "Directory", ["Wire", "Crypto"]),
    swift("Calls", "CallModel", ["Wire", "SDP", "Directory"]),
    swift(
        "Calls", "SIPEndpoint",
        ["Wire", "Telemetry", "Crypto", "DNS", "SIP", "SDP", "ICE", "Directory", "Reactor", "Web"]),
    swift(
        "Calls", "Media",
        [
            "Wire", "Telemetry", "Crypto", "WebRTC", "ICE", "DTLS", "RTP", "SDP", "CLinux", "CSpanDSP", "COpus",
            "COpusEnc", "CSndFile", "CSpeexDSP", "Reactor",
        ]),
    swift(
        "Calls", "Calls",
        [
            "Wire", "Telemetry", "Crypto", "CallModel", "Directory", "SDP", "SIP", "SIPEndpoint", "Media", "WebRTC",
            "DTLS", "Reactor", "Web",
        ]),
]

let services: [Target] = [
    swift(
        "Services", "Store",
        ["Wire", "Telemetry", "Crypto", "CallModel", "Directory", "CSQLite", "CPostgres", "Reactor"]),
    swift("Services", "CallViews", ["Wire", "SIP", "CallModel", "Directory", "Media", "Calls", "Web"]),
    swift(
        "Services", "Signalling",
        ["Wire", "Telemetry", "Crypto", "Calls", "CallModel", "CallViews", "Directory", "SocketIO", "Web", "Reactor"]),
    swift(
        "Services", "API",
        [
            "Wire", "Telemetry", "Crypto", "SIP", "Media", "Calls", "CallModel", "CallViews", "Directory", "Web",
            "Reactor",
        ]),
    swift(
        "Services", "Webhooks",
        ["Wire", "Telemetry", "Crypto", "Calls", "CallModel", "CallViews", "Directory", "Web", "Reactor"]),
    swift("Services", "Cluster", ["Wire", "Telemetry", "CallModel", "Calls", "CHiredis", "Reactor"]),
    swift(
        "Services", "Mango",
        ["Wire", "Telemetry", "Crypto", "Calls", "CallModel", "CallViews", "Directory", "Web", "Reactor"]),
    swift(
        "Services", "Observability", ["Wire", "Telemetry", "CallModel", "CallViews", "Web", "Reactor", "COTLP"]),
    .target(
        name: "Console", dependencies: ["Wire", "Web"], path: "Sources/Services/Console",
        resources: [.embedInCode("Pages")], swiftSettings: strict),
]

let program: [Target] = [
    .executableTarget(
        name: "tandem",
        dependencies: [
            "Wire", "Telemetry", "Crypto", "Reactor", "Web", "Directory", "CallModel", "SIP", "SIPEndpoint", "Media",
            "Calls", "Store", "CallViews", "Signalling", "API", "Mango", "Webhooks", "Cluster", "Observability",
            "Console", "CTCMalloc",
        ],
        path: "Sources/tandem", swiftSettings: strict)
]

let testTargets: [Target] = [
    .target(
        name: "TestKit", dependencies: ["Wire", "Crypto", "DNS", "ICE", "DTLS", "Reactor"], path: "Tests/TestKit",
        swiftSettings: strict),
    .target(
        name: "CallKit",
        dependencies: [
            "Wire", "Crypto", "Telemetry", "Reactor", "TestKit", "Directory", "CallModel", "SDP", "SIP", "SIPEndpoint",
            "Media", "Calls",
        ],
        path: "Tests/CallKit", swiftSettings: strict),
    .executableTarget(
        name: "simulate",
        dependencies: [
            "Wire", "Reactor", "TestKit", "CallKit", "Directory", "CallModel", "SDP", "SIP", "SIPEndpoint", "Calls",
            "CallViews",
        ],
        path: "Tests/Simulate", swiftSettings: strict),
    tests("WireTests", ["Wire"]),
    tests("CryptoTests", ["Crypto", "Wire"]),
    tests("DNSTests", ["DNS", "TestKit", "Wire"]),
    tests("SIPTests", ["SIP", "DNS", "Wire", "Crypto"], exclude: ["Resources"]),
    tests("SDPTests", ["SDP", "Wire", "Crypto"]),
    tests("ICETests", ["ICE", "Wire", "Crypto"]),
    tests("DTLSTests", ["DTLS", "Wire", "Crypto"]),
    tests("RTPTests", ["RTP", "Wire", "Crypto"]),
    tests("WebRTCTests", ["WebRTC", "ICE", "DTLS", "Wire", "Crypto", "TestKit"]),
    tests("SocketIOTests", ["SocketIO", "Wire", "Crypto"]),
    tests("ReactorTests", ["Reactor", "DNS", "CUV", "CAres", "Telemetry", "Crypto", "Wire", "TestKit"]),
    tests("WebTests", ["Web", "Reactor", "DNS", "Wire", "Crypto", "COpenSSL", "CZlib"]),
    tests("DirectoryTests", ["Directory", "Wire"]),
    tests("CallModelTests", ["CallModel", "Directory", "SDP", "Wire"]),
    tests(
        "SIPEndpointTests",
        [
            "SIPEndpoint", "SIP", "SDP", "ICE", "DNS", "Directory", "Reactor", "Web", "Telemetry", "Crypto", "Wire",
            "TestKit",
        ]),
    .target(name: "CAllocations", path: "Tests/CAllocations"),
    tests(
        "MediaTests",
        [
            "CAllocations", "CLinux", "COpus", "Media", "WebRTC", "ICE", "DTLS", "RTP", "SDP", "Crypto", "Reactor",
            "Wire",
            "TestKit",
        ]),
    tests(
        "CallsTests",
        [
            "Calls", "CallModel", "Directory", "SDP", "SIP", "SIPEndpoint", "Media", "Reactor", "Web", "Wire", "Crypto",
            "TestKit", "CallKit", "Telemetry",
        ]),
    tests("StoreTests", ["Store", "CallModel", "Crypto", "Directory", "Wire", "Telemetry", "Reactor"]),
    tests("CallViewsTests", ["CallViews", "SIP", "CallModel", "Directory", "Wire"]),
    tests(
        "APITests",
        [
            "API", "Calls", "CallModel", "CallViews", "Directory", "Crypto", "Media", "SIPEndpoint", "Web", "Reactor",
            "Wire", "Telemetry", "TestKit", "CallKit",
        ]),
    tests(
        "SignallingTests",
        [
            "Signalling", "Calls", "CallModel", "Directory", "Crypto", "Media", "SIPEndpoint", "SocketIO", "Web",
            "Reactor", "Wire", "Telemetry", "TestKit", "CallKit",
        ]),
    tests(
        "WebhooksTests",
        [
            "Webhooks", "Calls", "CallModel", "Crypto", "Directory", "Store", "Web", "Reactor", "Wire", "Telemetry",
            "TestKit", "CallKit",
        ]),
    tests("ClusterTests", ["Cluster", "CallModel", "Wire"]),
    tests("MangoTests", ["Mango", "CallModel", "Directory", "Crypto", "Wire"]),
    tests("ObservabilityTests", ["Observability", "Telemetry", "CallModel", "Web", "Reactor", "Wire"]),
    tests(
        "TandemTests",
        ["tandem", "Calls", "Cluster", "Crypto", "Directory", "Observability", "Store", "Telemetry", "Web", "Wire"]),
]

let package = Package(
    name: "tandem",
    targets: cLibraries + base + protocols + runtime + calls + services + program + testTargets,
    swiftLanguageModes: [.v6])
