// row 11: the handler is public, its state is not

pub mod shop {
    struct Db;

    async fn connect() -> Result<Db, fg::Error> {
        Ok(Db)
    }

    #[fg::handler(init = connect)]
    #[allow(private_interfaces)]
    pub async fn greet(event: String, db: &Db) -> Result<String, fg::Error> {
    //~ error[E0446]
    //~ under: Db
        let Db = db;
        Ok(event)
    }
}

fn main() -> std::process::ExitCode {
    fg::run::<shop::greet>()
}
