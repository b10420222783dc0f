//! Selects one of several handlers by `RUNTIME_HANDLER`.

use fg_core::Failure;

/// The index of the handler that `RUNTIME_HANDLER` selects.
pub(crate) fn select(names: &[&str], wanted: Option<&str>) -> Result<usize, Failure> {
    if names.len() == 1 {
        return Ok(0);
    }
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let Some(wanted) = wanted else {
        let message = format!(
            "there are several handlers, and RUNTIME_HANDLER is not set: set it to one of {list}"
        );
        return Err(Failure::new(Failure::INIT_ERROR, message));
    };
    let selected = names.iter().position(|name| *name == wanted);
    let selected = selected
        .or_else(|| names.iter().position(|name| wanted.split('.').any(|part| part == *name)));
    selected.ok_or_else(|| {
        let message = format!(
            "RUNTIME_HANDLER is `{wanted}`, and there is no such handler: the handlers are {list}"
        );
        Failure::new(Failure::INIT_ERROR, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handler_is_selected_by_its_name_or_by_a_part_of_the_string() {
        let names = ["greet", "farewell"];
        assert_eq!(select(&names, Some("farewell")), Ok(1));
        assert_eq!(select(&names, Some("bootstrap.greet")), Ok(0));
        assert_eq!(select(&["greet"], Some("anything")), Ok(0));
        assert_eq!(select(&["greet"], None), Ok(0));
    }

    #[test]
    fn an_error_for_an_unknown_or_missing_name_lists_the_names() {
        let unknown = select(&["greet", "farewell"], Some("great")).expect_err("there is none");
        assert_eq!(
            unknown.message(),
            "RUNTIME_HANDLER is `great`, and there is no such handler: the handlers are `greet`, `farewell`"
        );
        let missing = select(&["greet", "farewell"], None).expect_err("no handler is selected");
        assert!(missing.message().contains("set it to one of `greet`, `farewell`"));
    }
}
