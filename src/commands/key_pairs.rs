//! Keys (temporary).
use super::{Context, Error, GenerateKeyPairRequest, ImportKeyPairRequest, PublicKeyRequest};
/// G
pub async fn generate_key_pair(_r: &GenerateKeyPairRequest, _c: &mut Context) -> Result<(), Error> {
    Ok(())
}
/// I
pub async fn import_key_pair(_r: &ImportKeyPairRequest, _c: &mut Context) -> Result<(), Error> {
    Ok(())
}
/// P
pub async fn public_key(_r: &PublicKeyRequest, _c: &mut Context) -> Result<Vec<u8>, Error> {
    Ok(Vec::new())
}
