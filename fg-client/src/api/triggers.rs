//! The triggers of a function.

use http::Method;

use super::other::Other;
use super::{answer, request};
use crate::error::Error;
use crate::function::RemoteFunction;

answer! {
    /// A trigger.
    pub struct Trigger {
        /// Its id.
        trigger_id: String,
        /// Its type: `TIMER`, `APIG`, `DEDICATEDGATEWAY`, `OBS`, `SMN`, `LTS`, `CTS`, `DDS`,
        /// `KAFKA`, `EVENTGRID`, and others.
        trigger_type_code: String,
        /// `ACTIVE`, `DISABLED` or `PENDING`.
        trigger_status: String,
        /// Its settings, by type.
        event_data: Other,
        /// When it was changed last.
        last_updated_time: String,
        /// When it was created.
        created_time: String,
    }
}

request! {
    /// A new trigger. The fields of `event_data` depend on its type; some are passwords.
    pub struct CreateTrigger {
        /// `TIMER`, `APIG`, `DEDICATEDGATEWAY`, `OBS`, `SMN`, `LTS`, `CTS`, `DDS`, `KAFKA`,
        /// `EVENTGRID`, and others.
        trigger_type_code: String,
        /// The settings, by type.
        event_data: Other,
        ..
        /// `ACTIVE` or `DISABLED`.
        trigger_status: String,
        /// `MessageCreated`, for some types.
        event_type_code: String,
    }
}

request! {
    /// What changes of a trigger.
    pub struct UpdateTrigger {
        ..
        /// `ACTIVE` or `DISABLED`; of `TIMER`, `DDS`, `DMS`, `KAFKA` and `LTS` only.
        trigger_status: String,
        /// The settings: `is_serial`, `max_fetch_bytes`, `polling_interval`, `polling_unit`.
        event_data: Other,
    }
}

impl CreateTrigger {
    /// A trigger of this type, with these settings.
    ///
    /// ```
    /// use fg_client::triggers::CreateTrigger;
    /// use serde_json::json;
    ///
    /// let timer = json!({ "name": "nightly", "schedule_type": "Cron", "schedule": "0 15 2 * * ?" });
    /// let timer = CreateTrigger::new("TIMER", timer.as_object().cloned().unwrap_or_default());
    /// # let _ = timer;
    /// ```
    pub fn new(trigger_type_code: impl Into<String>, event_data: impl Into<Other>) -> Self {
        Self {
            trigger_type_code: trigger_type_code.into(),
            event_data: event_data.into(),
            ..Self::default()
        }
    }
}

impl RemoteFunction {
    /// Creates a trigger. `POST /fgs/triggers/{urn}`.
    ///
    /// # Errors
    ///
    /// [`Error`]; FSS.1101 for an unknown type, FSS.1109 for a schedule that is not understood.
    pub async fn create_trigger(&self, trigger: &CreateTrigger) -> Result<Trigger, Error> {
        let path = ["fgs", "triggers", &self.name()];
        let operation = format!("create a trigger {} of", trigger.trigger_type_code);
        self.send(&operation, Method::POST, &path, |call| call.json(trigger)).await?.json()
    }

    /// The triggers. `GET /fgs/triggers/{urn}`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn triggers(&self) -> Result<Vec<Trigger>, Error> {
        let path = ["fgs", "triggers", &self.name()];
        let answer = self.send("list the triggers of", Method::GET, &path, Ok).await?;
        Ok(answer.json::<Option<Vec<Trigger>>>()?.unwrap_or_default())
    }

    /// A trigger. `GET /fgs/triggers/{urn}/{type}/{id}`.
    ///
    /// # Errors
    ///
    /// [`Error`]; status 404 if there is none.
    pub async fn trigger(&self, type_code: &str, id: &str) -> Result<Trigger, Error> {
        let path = ["fgs", "triggers", &self.name(), type_code, id];
        let operation = format!("show the trigger {type_code} {id} of");
        self.send(&operation, Method::GET, &path, Ok).await?.json()
    }

    /// Changes a trigger. `PUT /fgs/triggers/{urn}/{type}/{id}`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn update_trigger(
        &self,
        type_code: &str,
        id: &str,
        trigger: &UpdateTrigger,
    ) -> Result<(), Error> {
        let path = ["fgs", "triggers", &self.name(), type_code, id];
        let operation = format!("change the trigger {type_code} {id} of");
        self.send(&operation, Method::PUT, &path, |call| call.json(trigger)).await?;
        Ok(())
    }

    /// Deletes a trigger. The platform takes some seconds for it: until it answers 404, it is
    /// there. `DELETE /fgs/triggers/{urn}/{type}/{id}`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn delete_trigger(&self, type_code: &str, id: &str) -> Result<(), Error> {
        let path = ["fgs", "triggers", &self.name(), type_code, id];
        let operation = format!("delete the trigger {type_code} {id} of");
        self.send(&operation, Method::DELETE, &path, Ok).await?;
        Ok(())
    }

    /// Deletes all triggers. `DELETE /fgs/triggers/{urn}`.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn delete_triggers(&self) -> Result<(), Error> {
        let path = ["fgs", "triggers", &self.name()];
        self.send("delete all triggers of", Method::DELETE, &path, Ok).await?;
        Ok(())
    }
}
