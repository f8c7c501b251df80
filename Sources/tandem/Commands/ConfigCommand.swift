/// `tandem config`: every setting with its default and meaning, as the README's table.
enum ConfigCommand {
    static func run() { print(Variable.table) }
}
