/// A setting that cannot be used: which variable, what is wrong, what to do.
///
/// The program ends with status 78.
struct ConfigurationError: Error, CustomStringConvertible {
    let variable: String
    let problem: String
    let cure: String

    var description: String { "\(variable): \(problem); \(cure)" }
}
