{{ staged("social_security__participation_monthly") }}
